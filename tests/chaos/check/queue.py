"""
Total-queue checking, as Jepsen does it: what went in by the webhook against what each sink holds. Pure.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Count:
    """
    One sink: orders that should be in it, and how it differs. `copies` are second ones whose outcome was unknown.
    """

    sink: str
    expected: int
    found: int
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    copies: int = 0
    unknown_outcomes: int = 0

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.unexpected)


def compare(
    *,
    sink: str,
    held: Mapping[str, int],
    accepted: Collection[str],
    unsure: Collection[str] = (),
    refused: Collection[str] = (),
    unknown: Mapping[str, int] | None = None,
) -> Count:
    """
    Compare how often a sink holds each order with the orders it must hold: those accepted, but not those that it
    refuses for good. An order of `unsure` (sent, and never answered) may be there or not. Of an order whose outcome was
    `unknown` n times, n copies more than one are excused.
    """
    unknown = unknown or {}
    wanted = set(accepted) - set(refused)
    may_be = wanted | set(unsure)
    twice = {order: count - 1 for order, count in held.items() if count > 1}
    return Count(
        sink=sink,
        expected=len(wanted),
        found=sum(held.values()),
        lost=tuple(sorted(order for order in wanted if not held.get(order))),
        doubled=tuple(sorted(order for order, more in twice.items() if more > unknown.get(order, 0))),
        unexpected=tuple(sorted(order for order, count in held.items() if count and order not in may_be)),
        copies=sum(min(more, unknown.get(order, 0)) for order, more in twice.items()),
        unknown_outcomes=sum(Counter(unknown).values()),
    )
