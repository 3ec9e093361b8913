"""
Trying the mutants: the same scenario, first with the product as it is, then with the mutant.
"""

import random
import time
from collections.abc import Iterator, Sequence

from tests.chaos.mutants.place import Place
from tests.chaos.mutants.verdict import Verdict
from tests.chaos.mutants.which import BY_MUTANT

LEAST_PATIENCE_SECONDS = 5.0
TIMES_AS_LONG = 3
MOST_PATIENCE_SECONDS = 30.0  # less than after which a message is sent again


def try_all(place: Place, *, seed: int, only: Sequence[str] = ()) -> Iterator[Verdict]:
    """
    One verdict after the other, in an order that the seed decides.
    """
    names = sorted(only or BY_MUTANT)
    random.Random(seed).shuffle(names)
    for name in names:
        yield try_one(place, name)


def try_one(place: Place, name: str) -> Verdict:
    """
    The product must come out of the scenario in order, and the mutant, with three times its patience, must not.
    """
    began = time.monotonic()
    try:
        caught, by = _both(place, name)
    except AssertionError as trouble:
        caught, by = False, f"the scenario could not be played: {trouble}"
    return Verdict(name=name, caught=caught, by=by, seconds=round(time.monotonic() - began, 1))


def _both(place: Place, name: str) -> tuple[bool, str]:
    scenario = BY_MUTANT[name]
    healthy = place.kitchen()
    if wrong := scenario(healthy):
        return False, f"the product itself fails: {'; '.join(wrong)}"
    patience = TIMES_AS_LONG * healthy.settled_after_seconds
    patience = min(max(patience, LEAST_PATIENCE_SECONDS), MOST_PATIENCE_SECONDS)
    found = scenario(place.kitchen(mutant=name, patience=patience))
    return bool(found), "; ".join(found)
