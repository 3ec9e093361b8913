"""
What a reconciliation found, in each of Stripe's lists and altogether.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

PUT_OFF = "put off"
MOST_NAMED = 3


@dataclass
class Row:
    """
    What was found in one of Stripe's lists. `became` counts what was taken in, by the state that its event has now.
    """

    title: str
    looked_at: int = 0
    missed: int = 0
    became: Counter[str] = field(default_factory=Counter)


@dataclass
class Report:
    """
    What a reconciliation found. `broken_off` says why not everything was looked at, `left` what could not be taken in.
    """

    since: datetime
    rows: list[Row] = field(default_factory=list)
    orders: set[int] = field(default_factory=set)
    broken_off: str = ""
    left: dict[str, str] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)  # in a dry run: payments, refunds and disputes

    @property
    def because(self) -> str:
        """
        Why it is not complete, '' where it is.
        """
        named = [f"{about} ({trouble})" for about, trouble in list(self.left.items())[:MOST_NAMED]]
        more = [f"{len(self.left) - MOST_NAMED} more"] if len(self.left) > MOST_NAMED else []
        left = f"Could not be taken in, and is tried again: {', '.join(named + more)}." if named else ""
        return " ".join(filter(None, (self.broken_off, left)))

    @property
    def looked_at(self) -> int:
        return sum(row.looked_at for row in self.rows)

    @property
    def missed(self) -> int:
        return sum(row.missed for row in self.rows)

    @property
    def became(self) -> Counter[str]:
        return sum((row.became for row in self.rows), Counter())
