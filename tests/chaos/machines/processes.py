"""
Workers and dispatchers that die, stall or lose their line at any statement they send to the database.

A process is a thread with a database connection of its own. Only one of them moves at a time: whoever starts one waits
until it has ended or stalled, so the same steps always lead to the same end. The statements are caught where they leave
Django, so every boundary between two of them is a place to die, also those that somebody adds tomorrow.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db import OperationalError, connection

PATIENCE_SECONDS = 10


class Killed(BaseException):
    """
    This process is gone, and could not even say so.
    """


class How(Enum):
    """
    What befalls a process.
    """

    DIES = "kill -9"
    STALLS = "suspended, until somebody wakes it"
    LOSES_ITS_LINE = "its connection to the database breaks"


@dataclass(frozen=True, kw_only=True)
class Mishap:
    """
    It befalls a process before or after its first, second, … statement; COMMIT is one of them.
    """

    how: How
    at: int
    after: bool

    def __str__(self) -> str:
        return f"{self.how.name} {'after' if self.after else 'before'} statement {self.at}"


class Seat(threading.Thread):
    """
    A thread that lends its database connection to one process after the other.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        for work in iter(self.work.get, None):
            work()
        connection.close()


class Process:
    """
    Some work under way, and the mishap that waits for it.
    """

    def __init__(self, seat: Seat, work: Callable[[], object], mishap: Mishap | None = None) -> None:
        self.seat, self.mishap, self._work = seat, mishap, work
        self.trouble: BaseException | None = None
        self.result: object = None
        self.is_stalled = False
        self._statements = 0
        self._wakes = threading.Event()
        self._must_die = False
        self._news: queue.SimpleQueue[str] = queue.SimpleQueue()
        seat.work.put(self._run)
        self._wait()

    def wake(self) -> None:
        """
        Let a stalled process go on to its end.
        """
        self._wakes.set()
        self._wait()

    def kill(self) -> None:
        """
        End a stalled process where it stands.
        """
        self._must_die = True
        self.wake()

    def _wait(self) -> None:
        self.is_stalled = self._news.get(timeout=PATIENCE_SECONDS) == "stalled"

    def _run(self) -> None:
        try:
            with _every_statement(self._watched):
                self.result = self._work()
        except BaseException as trouble:  # noqa: BLE001 - the machine looks at it
            self.trouble = trouble
            connection.close()
        self._news.put("ended")

    def _watched(self, carry_out: Callable[[], Any]) -> Any:
        self._statements += 1
        here = self.mishap is not None and self._statements == self.mishap.at
        if here and not self.mishap.after:
            self._befall()
        answer = carry_out()
        if here and self.mishap.after:
            self._befall()
        return answer

    def _befall(self) -> None:
        assert self.mishap is not None
        if self.mishap.how is How.STALLS:
            self._news.put("stalled")
            assert self._wakes.wait(PATIENCE_SECONDS), "nobody woke the stalled process"
            if not self._must_die:
                return
        connection.connection.close()  # PostgreSQL rolls back what was not committed
        if self.mishap.how is not How.LOSES_ITS_LINE:
            raise Killed(str(self.mishap))
        if self.mishap.after:
            raise OperationalError("the line broke before the answer came")


@contextmanager
def _every_statement(watch: Callable[[Callable[[], Any]], Any]) -> Iterator[None]:
    """
    Let every statement of this thread's connection pass by the watch.
    """

    def hook(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's form
        return watch(lambda: execute(sql, params, many, context))

    connection.ensure_connection()
    line = connection.connection
    commit = line.commit
    line.commit = lambda: watch(commit)
    try:
        with connection.execute_wrapper(hook):
            yield
    finally:
        line.commit = commit
