"""
What each figure must reach, and what it should: ../shared/performance.md as a table.
"""

import operator
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.interval import Interval


class Sense(StrEnum):
    """
    Which way is better.
    """

    AT_LEAST = "at least"
    AT_MOST = "at most"


class Verdict(StrEnum):
    """
    What may be said of a figure. `too noisy`: the bound lies inside the interval, so repeat, or quieten the machine.
    """

    OK = "ok"
    SHORT = "short"
    TOO_NOISY = "too noisy"


@dataclass(frozen=True, kw_only=True)
class Target:
    """
    One line of the report: the sentence, the bound that must hold and the one that we would like.
    """

    figure: str
    sentence: str
    sense: Sense
    bound: float
    stretch: float | None = None
    unit: str = ""

    def verdict(self, found: Interval) -> Verdict:
        """
        `ok` or `short` where the whole interval lies on one side of the bound.
        """
        if self._is_met(found.low) and self._is_met(found.high):
            return Verdict.OK
        missed = not self._is_met(found.low) and not self._is_met(found.high)
        return Verdict.SHORT if missed else Verdict.TOO_NOISY

    def reaches_stretch(self, found: Interval) -> bool:
        """
        Does the middle reach what we would like?
        """
        return self.stretch is not None and self._better(found.middle, self.stretch)

    def _is_met(self, ratio: float) -> bool:
        return self._better(ratio, self.bound)

    def _better(self, ratio: float, bound: float) -> bool:
        return (operator.ge if self.sense is Sense.AT_LEAST else operator.le)(ratio, bound)


class UnknownFigure(LookupError):
    """
    No target is written down for it.
    """


def _less(figure: str, sentence: str, bound: float, stretch: float) -> Target:
    return Target(
        figure=figure, sentence=sentence, sense=Sense.AT_LEAST, bound=bound, stretch=stretch, unit="x"
    )


def _share(figure: str, sentence: str, bound: float, stretch: float) -> Target:
    return Target(figure=figure, sentence=sentence, sense=Sense.AT_LEAST, bound=bound, stretch=stretch)


def _most(figure: str, sentence: str, bound: float, stretch: float | None = None) -> Target:
    return Target(figure=figure, sentence=sentence, sense=Sense.AT_MOST, bound=bound, stretch=stretch)


TARGETS = (
    _less("P1", "total CPU per order vs tuned Celery + DB reuse", 15, 25),
    _less("P2 Huey", "total CPU per order vs Huey", 8, 14),
    _less("P2 Dramatiq", "total CPU per order vs Dramatiq", 8, 14),
    _share("P3", "drain of a backlog, orders/s vs floor F3six", 0.45, 0.8),
    _less("P4", "webhook requests/s vs the same view with 6 x .delay", 5, 8),
    _most("P5 p50", "latency at 20 orders/s, p50 vs Huey's p50", 2, 1.1),
    _most("P5 p99", "latency at 20 orders/s, p99 vs tuned Celery's p99", 1),
    _share("P6 SMTP", "e-mail lane, sends/s vs the limit 8 / 50 ms", 0.8, 0.95),
    _share("P6 POS", "till lane, sends/s vs the limit 8 / 50 ms", 0.8, 0.95),
    _share("P7 e-mail", "e-mail throughput with a dead till vs a healthy one", 0.95, 0.99),
    _share("P7 loyalty", "loyalty throughput with a dead till vs a healthy one", 0.95, 0.99),
    _most("P8", "buffers per order with old step runs vs an empty table", 1.15, 1.05),
    _most("P9", "memory (PSS) vs tuned Celery prefork, same nodes and processes", 1.0, 0.8),
)


def target_of(figure: str) -> Target:
    """
    The target of this line; "P7 loyalty, till slow" is held to the one of "P7 loyalty", the longest that fits.
    """
    fitting = [
        target
        for target in TARGETS
        if figure == target.figure or figure.startswith((f"{target.figure} ", f"{target.figure},"))
    ]
    if not fitting:
        known = ", ".join(target.figure for target in TARGETS)
        raise UnknownFigure(f"There is no target for {figure!r}. There are: {known}.")
    return max(fitting, key=lambda target: len(target.figure))
