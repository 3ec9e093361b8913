"""
Database connections that outlive a task, and what to do when one of them is broken.
"""

import functools
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
T = TypeVar("T")
PAUSE_SECONDS = 0.5
# PostgreSQL's own words for going away; a line that simply breaks has no word at all.
GOING_AWAY = ("57P01", "57P02", "57P03", "57P05")
CONNECTION_EXCEPTION = "08"


def with_a_usable_connection(work: Callable[P, T]) -> Callable[P, T]:
    """
    Check the connection before the work and drop it after a connection error.

    Connections are kept across tasks (CELERY_DB_REUSE_MAX), so without this a restart of PostgreSQL would leave every
    worker with a dead connection for good.
    """

    @functools.wraps(work)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError):
            if not connection.in_atomic_block:
                connection.close()
            raise

    return wrapped


def was_lost(trouble: Exception) -> bool:
    """
    Whether the trouble is only that the database went away: nothing is wrong with what it was asked.
    """
    if not isinstance(trouble, OperationalError | InterfaceError):
        return False
    word = getattr(trouble.__cause__, "sqlstate", None)
    return word is None or word in GOING_AWAY or word.startswith(CONNECTION_EXCEPTION)


def persistently(work: Callable[[], T], *, seconds: float) -> T:
    """
    Repeat over a new connection, for so many seconds, what the loss of a connection interrupted.

    Only for work that may be repeated: every statement that ends a claim is fenced, so it may.
    """
    give_up_at = time.monotonic() + seconds
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > give_up_at:
                raise
            connection.close()
            time.sleep(PAUSE_SECONDS)
