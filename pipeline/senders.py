"""
The threads that send: made once per worker process and kept, so that their connections can be kept too.
"""

import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from pipeline.crash_points import Point, crash_point
from pipeline.failures import NotNow
from pipeline.steps import LEASE_MARGIN_SECONDS, Attempt

T = TypeVar("T")
MOST_AT_ONCE = 64
# Who waits longer than this for a thread could still be sending when its lease is over.
STARTS_WITHIN_SECONDS = LEASE_MARGIN_SECONDS / 2
# A sender that hears an answer must not wait five milliseconds (Python's own choice) until the packing thread pauses.
TURNS_CHANGE_EVERY_SECONDS = 0.0005


def submit(send: Callable[[Attempt], T], attempt: Attempt) -> Future[T]:
    """
    Send in a thread of this process, soon or not at all: a lease is running.
    """
    not_after = time.monotonic() + STARTS_WITHIN_SECONDS
    return _threads(os.getpid()).submit(_send, send, attempt, not_after)


def _send(send: Callable[[Attempt], T], attempt: Attempt, not_after: float) -> T:
    if time.monotonic() > not_after:
        raise NotNow("all sending threads are busy", seconds=1)
    crash_point(Point.SENDER_BEGINS)
    return send(attempt)


@cache
def _threads(_process: int) -> ThreadPoolExecutor:
    # By process, because threads do not survive the fork that makes a pool worker.
    sys.setswitchinterval(TURNS_CHANGE_EVERY_SECONDS)
    return ThreadPoolExecutor(max_workers=MOST_AT_ONCE, thread_name_prefix="sender")
