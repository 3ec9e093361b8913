"""
Steps that call the outside: how a message's orders pass through the window, and when the rest of them is handed back.
"""

import time
from collections import deque
from collections.abc import Sequence

from pipeline import claims, journal
from pipeline.rate_limits import Permits
from pipeline.results import Result
from pipeline.steps import Step
from pipeline.stopping import is_stopping
from pipeline.window import Window

TAKES_ON_NEW_FOR_SECONDS = 60
WAITS_FOR_A_PERMIT_SECONDS = 2


def carry_out(step: Step, subjects: Sequence[int], *, by_hand: bool) -> dict[int, Result]:
    """
    Send for all subjects that are open and due, at most `step.at_once` at a time and as fast as its rate limit allows;
    hand back what is left after a minute, or when the worker is asked to stop.
    """
    window = Window(step, in_company=len(subjects) > 1, by_hand=by_hand)
    try:
        _carry_out(window, deque(subjects))
    finally:
        window.senders.recall()  # if we fail, nobody is left who could finish what has not begun
    return window.results


def _carry_out(window: Window, left: deque[int]) -> None:
    started = time.monotonic()
    while left or not window.is_empty:
        if is_stopping():
            window.put_off("the worker was asked to stop")
        if left and (is_stopping() or time.monotonic() - started > TAKES_ON_NEW_FOR_SECONDS):
            _hand_back(window.step, left)
        window.send()
        permits = _permits(window, wanted=len(left))
        if permits.granted:
            window.take([left.popleft() for _ in range(permits.granted)])
            window.send()
        if window.underway:
            window.collect(within_seconds=permits.next_in_seconds or None)
        elif left and permits.next_in_seconds > WAITS_FOR_A_PERMIT_SECONDS:
            _hand_back(window.step, left, wait=permits.next_in_seconds)
        elif left:
            time.sleep(permits.next_in_seconds)


def _permits(window: Window, *, wanted: int) -> Permits:
    possible = min(window.takes, wanted)
    return window.step.rate_limit.take(possible) if possible else Permits(granted=0)


def _hand_back(step: Step, left: deque[int], *, wait: float = 0) -> None:
    claims.hand_back(step=step, subjects=list(left), wait=wait)
    journal.record("step.handed_back", **journal.untried(step, left))
    left.clear()
