"""
Telling the dispatcher that something is due, without the caller ever waiting for the broker.

A daemon thread publishes: at once for the first nudge, then at most one message per 20 ms for all that came meanwhile.
A nudge that is lost costs at most a second: the ticker finds what is due anyway.
"""

import os
import threading
import time
from functools import cache

from celery import current_app

from pipeline import journal
from pipeline.crash_points import Point, crash_point
from pipeline.steps import menu

SHORTEST_GAP_SECONDS = 0.02
EXPIRES_AFTER_SECONDS = 2


def nudge() -> None:
    """
    Let the dispatcher know; returns at once, whatever the broker does, and never raises.
    """
    _nudger(os.getpid()).wake.set()


def publish_dispatch() -> None:
    """
    Publish one message for the dispatcher; it expires when nobody takes it, for the next tick says the same.
    """
    current_app.tasks[menu.dispatcher].apply_async(
        expires=EXPIRES_AFTER_SECONDS, ignore_result=True, retry=False
    )


class Nudger(threading.Thread):
    """
    The publishing thread of one process.
    """

    def __init__(self) -> None:
        super().__init__(name="nudger", daemon=True)
        self.wake = threading.Event()
        self.start()

    def run(self) -> None:
        while True:
            self.wake.wait()
            self.wake.clear()
            began = time.monotonic()
            self._publish()
            time.sleep(max(0.0, began + SHORTEST_GAP_SECONDS - time.monotonic()))

    def _publish(self) -> None:
        try:
            crash_point(Point.NUDGING)
            publish_dispatch()
        except Exception as trouble:  # noqa: BLE001 - whatever is wrong with the broker, the tick will do
            journal.record("nudge.not_sent", because=type(trouble).__name__)


@cache
def _nudger(_process: int) -> Nudger:
    # By process, because a thread does not survive a fork.
    return Nudger()
