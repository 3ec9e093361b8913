"""
How an order comes to each crash point.
"""

import itertools
import random
from dataclasses import dataclass
from enum import Enum

import payments.refund_tasks  # noqa: F401 - declares the menu
from pipeline.crash_points import Point
from pipeline.crashing import Action
from pipeline.steps import Effect, Subject, menu, short_name


class Road(Enum):
    """
    What has to happen for an order to pass the point.
    """

    PAYMENT = "it is paid"
    LONG_WAY = "it is paid, and the event also names the card, so that it is booked step by step"
    LOST_LEASE = "it is paid, and a worker dies over it"
    FAILURE = "it is paid, and the other side fails once"
    PATIENCE = "it is paid, and the till wants to be left alone"
    LATE_ORDER = "its payment comes before itself"
    REFUND = "it is paid and all is done, and then the money goes back"


ROADS = {
    Point.EVENT_KEPT: Road.LONG_WAY,
    Point.ORDER_PAID: Road.LONG_WAY,
    Point.PROMISED: Road.LONG_WAY,
    Point.TAKEN_BACK: Road.LOST_LEASE,
    Point.FAILING: Road.FAILURE,
    Point.FAILED: Road.FAILURE,
    Point.POSTPONING: Road.PATIENCE,
    Point.POSTPONED: Road.PATIENCE,
    Point.REFUND_BOOKED: Road.REFUND,
    Point.UNMATCHED_LOCKED: Road.LATE_ORDER,
    Point.UNMATCHED_BOOKED: Road.LATE_ORDER,
}
INSIDE = frozenset({Point.FENCED, Point.EFFECTS_WRITTEN, Point.INSIDE_COMMITTED})
OUTSIDE = frozenset({Point.PACKED, Point.MARKED_SENDING, Point.ANSWERS_CAME, Point.OUTSIDE_FINISHED})
ACTIONS = (Action.KILL, Action.STOP, Action.RAISE)


@dataclass(frozen=True)
class Case:
    """
    One crash: where, in the work of which step ('' for whichever comes first), and how.
    """

    point: Point
    step: str
    action: Action

    @property
    def road(self) -> Road:
        if self.step and menu.find(self.step).subject is Subject.REFUND:
            return Road.REFUND
        return ROADS.get(self.point, Road.PAYMENT)

    def __str__(self) -> str:
        return "-".join(filter(None, (self.point.title, self.step, self.action.value)))


def all_cases() -> list[Case]:
    """
    Every point, for every step that passes it, with every action.
    """
    return [
        Case(point, step, action)
        for point, action in itertools.product(Point, ACTIONS)
        for step in steps_that_pass(point)
    ]


def slice_of_cases(seed: int) -> list[Case]:
    """
    Every point killed once, for a step that the seed chooses; and some that are stopped or in trouble.
    """
    chance = random.Random(seed)
    killed = [Case(point, chance.choice(steps_that_pass(point)), Action.KILL) for point in Point]
    others = [case for case in all_cases() if case.action is not Action.KILL]
    return killed + chance.sample(others, 6)


def steps_that_pass(point: Point) -> list[str]:
    """
    The steps whose work passes there; [''] where the point knows none.
    """
    steps = [*menu.about(Subject.ORDER), *menu.about(Subject.REFUND)]
    if point is Point.CLAIMED:
        return [short_name(step.name) for step in steps]
    if point is Point.REVERSAL_SORTED:
        return [short_name(step.name) for step in steps if step.reverses]
    if point in INSIDE | OUTSIDE:
        wanted = Effect.DATABASE if point in INSIDE else Effect.OUTSIDE
        return [short_name(step.name) for step in steps if step.effect is wanted]
    return [""]
