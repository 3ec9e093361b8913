"""
When what breaks: pure, the same seed makes the same storm.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tests.chaos.storm.fault import Fault

GAP_SECONDS = (2.5, 6.0)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """
    A fault that will strike `at_seconds` after the load began.
    """

    number: int
    at_seconds: float
    fault: Fault

    @property
    def mended_at_seconds(self) -> float:
        return self.at_seconds + self.fault.lasts_seconds


def plan_storm(faults: Sequence[Fault], *, seed: int, begins: float, ends: float) -> list[Planned]:
    """
    A fault every few seconds from `begins` until all are mended at `ends` (seconds): each card of the deck once, those
    that come early first, then the deck anew. What one fault holds, no other strikes at the same time.
    """
    chance = Random(f"{seed}/storm")
    deck = _cards(faults, chance)
    waiting: list[Fault] = []
    free_at: dict[str, float] = {}
    storm: list[Planned] = []
    now = begins
    while now < ends:
        while len(waiting) < len(faults):
            waiting.append(next(deck))
        fits = [card for card in waiting if now + card.lasts_seconds <= ends and _is_free(card, free_at, now)]
        if fits:
            waiting.remove(fits[0])
            storm.append(Planned(number=len(storm) + 1, at_seconds=now, fault=fits[0]))
            for part in fits[0].holds:
                free_at[part] = now + fits[0].lasts_seconds + fits[0].rests_seconds
        now += chance.uniform(*GAP_SECONDS)
    return storm


def _cards(faults: Sequence[Fault], chance: Random) -> Iterator[Fault]:
    early, others = [f for f in faults if f.early], [f for f in faults if not f.early]
    # The longest first: later they would not fit into a short run.
    yield from sorted(chance.sample(early, len(early)), key=lambda fault: -fault.lasts_seconds)
    yield from chance.sample(others, len(others))
    while True:
        yield from chance.sample(list(faults), len(faults))


def _is_free(fault: Fault, free_at: dict[str, float], now: float) -> bool:
    return all(free_at.get(part, 0.0) <= now for part in fault.holds)
