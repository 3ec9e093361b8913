"""
Seats for slow work: on a worker that serves several lanes, outside systems that answer slowly may hold a quarter of the
processes (but one) and no more, so that the others go on with what is quick.

A seat is a lock on one byte of a file that all processes of the worker share. Whoever dies leaves it free.
"""

import fcntl
import tempfile
from typing import Any

from pipeline import pace
from pipeline.steps import Step

SLOW_SECONDS = 1.0
COMES_BACK_AFTER_SECONDS = 2.0


class Seats:
    """
    So many seats for the processes that are forked from now on.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the worker lives

    def take(self) -> int | None:
        """
        A free seat, None where there is none.
        """
        for seat in range(self._count):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, seat)
            except OSError:
                continue
            return seat
        return None

    def leave(self, seat: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, seat)


_seats: Seats | None = None  # None: nobody else waits, so slow work may hold whatever there is


def furnish(*, processes: int, lanes: int) -> None:
    """
    Put up the seats of a worker with so many processes for so many lanes.
    """
    global _seats  # noqa: PLW0603 - one set for the worker, made before its processes are
    _seats = Seats(max(1, processes // 4)) if processes > 1 and lanes > 1 else None


def furnish_worker(*, instance: Any, **_signal: Any) -> None:
    """
    Celery calls it when a worker knows its lanes and has no processes yet.
    """
    furnish(processes=instance.concurrency, lanes=len(instance.app.amqp.queues.consume_from))


class Guest:
    """
    One message of a step, which takes a seat as soon as the other side turns out to be slow.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._seat: int | None = None

    @property
    def may_stay(self) -> bool:
        """
        May it take on more orders?
        """
        if _seats is None or self._seat is not None or pace.seconds_of(self._step) < SLOW_SECONDS:
            return True
        self._seat = _seats.take()
        return self._seat is not None

    def leave(self) -> None:
        """
        Free the seat, if it has one.
        """
        if _seats is not None and self._seat is not None:
            _seats.leave(self._seat)
