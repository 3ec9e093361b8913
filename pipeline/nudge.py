"""
Telling the dispatcher that something is due, without the caller ever waiting for the broker.

A daemon thread publishes: at once for the first nudge, then at most one message per 20 ms for all that came meanwhile,
and per 100 ms where many come: then a message of the dispatcher's has enough to do as it is.
While it is calm, the thread of a web process dispatches by itself: that saves the guest the way of one message.
A nudge that is lost costs at most a second: the ticker finds what is due anyway.
"""

import os
import threading
import time
from functools import cache

from celery import current_app

from pipeline import dispatcher, journal
from pipeline.crash_points import Point, crash_point
from pipeline.steps import menu

SHORTEST_GAP_SECONDS = 0.02
LONGEST_GAP_SECONDS = 0.1
MANY = 4  # nudges in one gap
EXPIRES_AFTER_SECONDS = 2


def nudge() -> None:
    """
    Let the dispatcher know; returns at once, whatever the broker does, and never raises.
    """
    nudger = _nudger(os.getpid())
    nudger.came += 1  # two threads may count as one: it is a measure, not a sum
    nudger.wake.set()


def dispatch_while_calm() -> None:
    """
    Let this process dispatch what it nudges for, unless nudges come faster than one per gap: for web processes.

    Its thread then has a connection of its own. Not for a worker's processes, whose connections are counted and busy.
    """
    Nudger.dispatches = True


def publish_dispatch(*, hurry: bool = False) -> None:
    """
    Publish one message for the dispatcher; it expires when nobody takes it, for the next tick says the same.

    In a `hurry` it only sends what is due; what else it looks after can wait for the tick.
    """
    current_app.tasks[menu.dispatcher].apply_async(
        kwargs={"hurry": True} if hurry else {},
        expires=EXPIRES_AFTER_SECONDS,
        ignore_result=True,
        retry=False,
    )


class Nudger(threading.Thread):
    """
    The publishing thread of one process.
    """

    dispatches = False

    def __init__(self) -> None:
        super().__init__(name="nudger", daemon=True)
        self.wake = threading.Event()
        self.came = 0
        self.start()

    def run(self) -> None:
        gap = SHORTEST_GAP_SECONDS
        while True:
            calm = not self.wake.is_set()
            self.wake.wait()
            self.wake.clear()
            began = time.monotonic()
            gap, self.came = next_gap(gap, came=self.came), 0
            self._pass_on(calm=calm)
            time.sleep(max(0.0, began + gap - time.monotonic()))

    def _pass_on(self, *, calm: bool) -> None:
        try:
            crash_point(Point.NUDGING)
            if calm and self.dispatches:
                dispatcher.dispatch(take_back=False)
            else:
                publish_dispatch(hurry=True)
        except Exception as trouble:  # noqa: BLE001 - whatever is wrong with the broker, the tick will do
            journal.record("nudge.not_sent", because=type(trouble).__name__)


def next_gap(gap: float, *, came: int) -> float:
    """
    How many seconds to wait before the next message, after so many nudges in the last gap.
    """
    wanted = gap * 2 if came >= MANY else gap / 2
    return min(LONGEST_GAP_SECONDS, max(SHORTEST_GAP_SECONDS, wanted))


@cache
def _nudger(_process: int) -> Nudger:
    # By process, because a thread does not survive a fork.
    return Nudger()
