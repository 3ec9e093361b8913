"""
Steps that call the outside: how a message's orders pass through the window, and when the rest of them is handed back.
"""

import time
from collections import deque
from collections.abc import Sequence

from pipeline import claims, journal, pace
from pipeline.rate_limits import Permits
from pipeline.results import Result
from pipeline.seats import COMES_BACK_AFTER_SECONDS, Guest
from pipeline.steps import LEAST_WINDOWS, Step
from pipeline.stopping import is_stopping
from pipeline.window import Window

TAKES_ON_NEW_FOR_SECONDS = 60
WAITS_FOR_A_PERMIT_SECONDS = 2


def carry_out(step: Step, subjects: Sequence[int], *, by_hand: bool) -> dict[int, Result]:
    """
    Send for all subjects that are open and due, at most `step.at_once` at a time and as fast as its rate limit allows;
    hand back what is left after a minute, when the worker is asked to stop, or when it has others to serve than a slow
    other side.
    """
    window, guest = Window(step, in_company=len(subjects) > 1, by_hand=by_hand), Guest(step)
    try:
        _carry_out(window, deque(subjects), guest)
    finally:
        guest.leave()
        window.senders.recall()  # if we fail, nobody is left who could finish what has not begun
    return window.results


def _carry_out(window: Window, left: deque[int], guest: Guest) -> None:
    started, all_of_them = time.monotonic(), len(left)
    while left or not window.is_empty:
        if is_stopping():
            window.put_off("the worker was asked to stop")
        if left and _is_enough(window.step, taken=all_of_them - len(left), since=started):
            _hand_back(window.step, left)
        if left and not window.by_hand and not guest.may_stay:
            _hand_back(window.step, left, wait=COMES_BACK_AFTER_SECONDS)
        permits = _started(window, left)
        if window.underway:
            window.collect(within_seconds=permits.next_in_seconds or None)
        elif left and permits.next_in_seconds > WAITS_FOR_A_PERMIT_SECONDS:
            _hand_back(window.step, left, wait=permits.next_in_seconds)
        elif left:
            time.sleep(permits.next_in_seconds)


def _is_enough(step: Step, *, taken: int, since: float) -> bool:
    if is_stopping() or time.monotonic() - since > TAKES_ON_NEW_FOR_SECONDS:
        return True
    # Long messages are for the quick: behind a slow one others of the same lane, the kitchen's perhaps, would wait.
    return pace.seconds_of(step) >= pace.QUICK_SECONDS and taken >= LEAST_WINDOWS * step.at_once


def _started(window: Window, left: deque[int]) -> Permits:
    """
    Send what there is room for, what was packed before first; returns the permits for those that were taken on.
    """
    window.send()
    possible = min(window.takes, len(left))
    permits = window.step.rate_limit.take(possible) if possible else Permits(granted=0)
    if permits.granted:
        window.take([left.popleft() for _ in range(permits.granted)])
        window.send()
    return permits


def _hand_back(step: Step, left: deque[int], *, wait: float = 0) -> None:
    claims.hand_back(step=step, subjects=list(left), wait=wait)
    journal.record("step.handed_back", **journal.untried(step, left))
    left.clear()
