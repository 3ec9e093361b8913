"""
Two transactions at once, each on a connection of its own.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

PATIENCE_SECONDS = 20
SOMEBODY_WAITS_FOR_US = """
SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))
"""


def while_open(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """
    Do `second` while the transaction of `first` is still open; that commits once the other waits for it, or is through.
    """
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            ours = first()
            theirs = other.submit(_on_its_own, second)
            _wait_until(lambda: theirs.done() or _somebody_waits())
        return ours, theirs.result(PATIENCE_SECONDS)


def free_while_it_waits(
    work: Callable[[], Any], *, waits_for: QuerySet[Any], free: QuerySet[Any]
) -> set[Any]:
    """
    Let `work` wait for the rows that we hold, and return the keys of those rows it has not locked before it waited.
    """
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            assert list(waits_for.select_for_update()), "there is nothing to wait for"
            theirs = other.submit(_on_its_own, work)
            _wait_until(_somebody_waits)
            keys = set(free.select_for_update(skip_locked=True).values_list("pk", flat=True))
        theirs.result(PATIENCE_SECONDS)
    return keys


def all_at_once(*works: Callable[[], Any]) -> Sequence[Any]:
    """
    Begin each at the same moment and return what they return.
    """
    together = threading.Barrier(len(works), timeout=PATIENCE_SECONDS)

    def one(work: Callable[[], Any]) -> Any:
        together.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(lambda work: _on_its_own(lambda: one(work)), works))


def _on_its_own(work: Callable[[], Any]) -> Any:
    try:
        with transaction.atomic():
            return work()
    finally:
        connection.close()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(SOMEBODY_WAITS_FOR_US)
        return cursor.fetchone()[0]


def _wait_until(wanted: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not wanted():
        assert time.monotonic() < give_up_at, "the other transaction neither waits nor ends"
        time.sleep(0.01)
