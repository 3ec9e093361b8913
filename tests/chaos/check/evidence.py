"""
What the invariants are judged by: the database as it is now, and what was seen during the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.chaos.check.queue import Count
from tests.chaos.check.sinks import Accepted


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """
    One run, at rest (or not: `rest_seconds` is then None).
    """

    home: Path
    accepted: Accepted
    counts: Sequence[Count]
    rest_seconds: float | None
    seen_messages: int  # looked at in the broker while the run was on
    seen_private: Sequence[str] = ()  # what no message may hold, and did
    flush_recoveries: Sequence[float] = field(default=())  # seconds, see recovery.py

    @cached_property
    def by_sink(self) -> dict[str, Count]:
        return {count.sink: count for count in self.counts}
