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

TAKES_ON_NEW_FOR_SECONDS = 10  # behind a slow message others of the lane wait, the kitchen's perhaps
WAITS_FOR_A_PERMIT_SECONDS = 2


def carry_out(step: Step, subjects: Sequence[int], *, by_hand: bool) -> dict[int, Result]:
    """
    Send for all subjects that are open and due, at most `step.at_once` at a time and as fast as its rate limit allows;
    hand back what is left after ten seconds, or when the worker is asked to stop.
    """
    window = Window(step, in_company=len(subjects) > 1, by_hand=by_hand)
    left = deque(subjects)
    started = time.monotonic()
    while left or not window.is_empty:
        if is_stopping():
            window.put_off("the worker was asked to stop")
        if left and (is_stopping() or time.monotonic() - started > TAKES_ON_NEW_FOR_SECONDS):
            _hand_back(step, left)
        permits = _go_on(window, left)
        if window.underway:
            window.collect(within_seconds=permits.next_in_seconds or None)
        elif left and permits.next_in_seconds > WAITS_FOR_A_PERMIT_SECONDS:
            _hand_back(step, left, wait=permits.next_in_seconds)
        elif left:
            time.sleep(permits.next_in_seconds)
    return window.results


def _go_on(window: Window, left: deque[int]) -> Permits:
    """
    Keep the senders busy and the next group claimed, as far as there are permits; returns when there will be more.
    """
    window.send()
    while left and window.takes and not is_stopping():
        wanted = min(window.takes, len(left))
        permits = window.step.rate_limit.take(wanted)
        if permits.granted:
            window.take([left.popleft() for _ in range(permits.granted)])
            window.send()
        if permits.granted < wanted:
            return permits
    return Permits(granted=0)


def _hand_back(step: Step, left: deque[int], *, wait: float = 0) -> None:
    claims.hand_back(step=step, subjects=list(left), wait=wait)
    journal.record("step.handed_back", **journal.untried(step, left))
    left.clear()
