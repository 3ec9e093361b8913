"""
The threads that send: made once per worker process and kept, so that their connections can be kept too.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
MOST_AT_ONCE = 64


def submit(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """
    Carry out the work in a sending thread of this process.
    """
    return _threads(os.getpid()).submit(work, *args, **kwargs)


@cache
def _threads(_process: int) -> ThreadPoolExecutor:
    # By process, because threads do not survive the fork that makes a pool worker.
    return ThreadPoolExecutor(max_workers=MOST_AT_ONCE, thread_name_prefix="sender")
