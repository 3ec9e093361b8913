"""
How long things took: to recover from each fault, and to answer Stripe. Pure.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.storm.strikes import Struck
from tests.chaos.stripe_calls import Heard

AFTERMATH_SECONDS = 5.0  # how long after its mending an answer is still counted as given under a fault


@dataclass(frozen=True, kw_only=True)
class Times:
    """
    The spread of some times in seconds; of none, all are NaN.
    """

    count: int
    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, times: Iterable[float]) -> "Times":
        ordered = sorted(times)
        ranks = (_at(ordered, share) for share in (0.50, 0.95, 0.99, 1.0))
        return cls(**dict(zip(("p50", "p95", "p99", "max"), ranks, strict=True)), count=len(ordered))


def recovery(
    struck: Struck, *, accepted_at: Mapping[str, float], at_rest_since: Mapping[str, float]
) -> float:
    """
    Seconds from the mending of a fault until every order that was accepted before it was at rest, whatever else struck
    meanwhile; infinite where one never came to rest.
    """
    before = [order for order, at in accepted_at.items() if at <= struck.mended]
    rested = max((at_rest_since.get(order, math.inf) for order in before), default=0.0)
    return max(0.0, rested - struck.mended)


def by_fault(
    storm: Sequence[Struck], *, accepted_at: Mapping[str, float], at_rest_since: Mapping[str, float]
) -> dict[str, list[float]]:
    """
    The recoveries from each fault of the catalogue, by its title.
    """
    found: dict[str, list[float]] = defaultdict(list)
    for struck in storm:
        if struck.mended and not struck.trouble:
            found[struck.title].append(recovery(struck, accepted_at=accepted_at, at_rest_since=at_rest_since))
    return dict(found)


def answers(heard: Sequence[Heard], storm: Sequence[Struck]) -> tuple[Times, Times, int]:
    """
    How fast accepted deliveries were answered: when nothing was broken, under faults, and how many got no 2xx at all.
    """
    windows = [(struck.began, struck.mended + AFTERMATH_SECONDS) for struck in storm]
    calm, stormy = [], []
    for one in heard:
        if one.delivery.accepted:
            ended = one.at + one.delivery.seconds
            under_fault = any(one.at <= end and ended >= begin for begin, end in windows)
            (stormy if under_fault else calm).append(one.delivery.seconds)
    return Times.of(calm), Times.of(stormy), sum(not one.delivery.accepted for one in heard)


def _at(ordered: Sequence[float], share: float) -> float:
    # Nearest rank: a time that really was.
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
