"""
What Stripe delivers: everything at a steady rate, some of it twice, some in the wrong order, all until it is accepted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from devtools.stripe_sender import DeliveryPlan, make_plan
from devtools.stripe_sender.envelope import Event
from tests.chaos.guests import Guest, brings_money, comes_later, habits_of

DOUBLED_SHARE = 0.2
AT_ONCE_SHARE, AT_ONCE = 0.04, 4  # so many of the deliveries come so many times at the same instant
SHUFFLED_PLACES = 14
MOST_GUESTS_BETWEEN = 90


@dataclass(frozen=True, kw_only=True)
class Script:
    """
    Everything Stripe is going to say about these guests.
    """

    guests: Sequence[Guest]
    events: Sequence[Event]
    owner: dict[str, str]  # by event id: the order it is about
    paying: frozenset[str]  # the events that bring money
    plan: DeliveryPlan

    @cached_property
    def payers(self) -> frozenset[str]:
        """
        The orders that are going to be paid.
        """
        return frozenset(self.owner[event] for event in self.paying)

    @property
    def doubled(self) -> int:
        return self.plan.copies - len(self.events)

    @property
    def shuffled(self) -> int:
        """
        How many deliveries set out before one that Stripe made earlier.
        """
        made = {event["id"]: place for place, event in enumerate(self.events)}
        places = [made[planned.event["id"]] for planned in self.plan.deliveries]
        earliest_to_come = len(made)
        count = 0
        for place in reversed(places):
            count += place > earliest_to_come
            earliest_to_come = min(earliest_to_come, place)
        return count


def write_script(guests: Sequence[Guest], *, seed: int, lasts_seconds: float) -> Script:
    """
    Make everything Stripe will say, spread over so many seconds. The same seed makes the same script.
    """
    told = _in_order(guests, seed=seed)
    events = [event for _guest, event in told]
    mixed = make_plan(events, seed=seed, duplicates=DOUBLED_SHARE, shuffled=SHUFFLED_PLACES).deliveries
    chance = Random(f"{seed}/deliveries")
    gap = lasts_seconds / len(mixed)
    paced = tuple(
        replace(one, after_seconds=n * gap, copies=AT_ONCE if chance.random() < AT_ONCE_SHARE else 1)
        for n, one in enumerate(mixed)
    )
    return Script(
        guests=guests,
        events=events,
        owner={event["id"]: guest.reference for guest, event in told},
        paying=frozenset(event["id"] for event in events if brings_money(event)),
        plan=DeliveryPlan(deliveries=paced),
    )


def _in_order(guests: Sequence[Guest], *, seed: int) -> list[tuple[Guest, Event]]:
    """
    All events as Stripe makes them: guest after guest, and half of the refunds only when others have ordered meanwhile.
    """
    chance = Random(f"{seed}/later")
    habits = habits_of(guests, seed=seed)
    placed = []
    for number, guest in enumerate(guests):
        later = number + chance.choice((0.0, chance.uniform(0, MOST_GUESTS_BETWEEN)))
        told = habits[guest.reference].does(guest.sale())
        placed += [(later if comes_later(event) else number, guest, event) for event in told]
    return [(guest, event) for _place, guest, event in sorted(placed, key=lambda one: one[0])]
