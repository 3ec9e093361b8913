"""
In which order, how often and how late events are delivered. Pure: the same seed makes the same plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from devtools.stripe_sender.envelope import Event


class BadPlan(ValueError):
    """
    A plan that cannot be made; the sentence tells what to write instead.
    """


@dataclass(frozen=True, kw_only=True)
class PlannedDelivery:
    """
    One event to deliver, `copies` times at the same instant, not before `after_seconds` from the start.
    """

    event: Event
    copies: int = 1
    after_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class DeliveryPlan:
    """
    Deliveries in the order in which they set out.
    """

    deliveries: tuple[PlannedDelivery, ...]

    @property
    def copies(self) -> int:
        """
        How many deliveries are there before any is repeated?
        """
        return sum(planned.copies for planned in self.deliveries)


def make_plan(
    events: Sequence[Event],
    *,
    seed: int = 0,
    duplicates: float = 0.0,
    at_once: int = 1,
    shuffled: int = 0,
    delayed: float = 0.0,
    delay_seconds: float = 1.0,
) -> DeliveryPlan:
    """
    Make a plan in which every event comes at least once.

    `duplicates` is the share of events that come more than once: `at_once` copies at the same instant when that is
    2 or more, otherwise a second time at its own place. `shuffled` is how many places a delivery may move.
    `delayed` is the share of deliveries that wait up to `delay_seconds`.
    """
    check(
        duplicates=duplicates,
        at_once=at_once,
        shuffled=shuffled,
        delayed=delayed,
        delay_seconds=delay_seconds,
    )
    chance = Random(seed)
    doubled = double(events, chance=chance, share=duplicates, at_once=at_once)
    mixed = shuffle(doubled, chance=chance, places=shuffled)
    late = delay(mixed, chance=chance, share=delayed, seconds=delay_seconds)
    return DeliveryPlan(deliveries=tuple(late))


def check(*, duplicates: float, at_once: int, shuffled: int, delayed: float, delay_seconds: float) -> None:
    for name, share in (("duplicates", duplicates), ("delayed", delayed)):
        if not 0 <= share <= 1:
            raise BadPlan(f"{name} is {share}. It is a share: write a number from 0 to 1.")
    if at_once < 1:
        raise BadPlan(f"at_once is {at_once}. Write 1 or more.")
    if shuffled < 0 or delay_seconds < 0:
        raise BadPlan("shuffled and delay_seconds cannot be negative. Write 0 for none.")


def double(events: Sequence[Event], *, chance: Random, share: float, at_once: int) -> list[PlannedDelivery]:
    planned = []
    for event in events:
        again = chance.random() < share
        if again and at_once > 1:
            planned.append(PlannedDelivery(event=event, copies=at_once))
        else:
            planned += [PlannedDelivery(event=event)] * (2 if again else 1)
    return planned


def shuffle(planned: list[PlannedDelivery], *, chance: Random, places: int) -> list[PlannedDelivery]:
    # Each one is drawn back by less than `places`, so it ends at most that many places from where it was.
    drawn = [(place + chance.uniform(0, places), delivery) for place, delivery in enumerate(planned)]
    return [delivery for _place, delivery in sorted(drawn, key=lambda pair: pair[0])]


def delay(
    planned: list[PlannedDelivery], *, chance: Random, share: float, seconds: float
) -> list[PlannedDelivery]:
    return [
        PlannedDelivery(
            event=delivery.event, copies=delivery.copies, after_seconds=chance.uniform(0, seconds)
        )
        if chance.random() < share
        else delivery
        for delivery in planned
    ]
