"""
Asking a server that may never answer: nobody waits for ever, and nobody asks twice at the same time.
"""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from typing import Generic, TypeVar

T = TypeVar("T")


class NoAnswer(RuntimeError):
    """
    There was no answer in time.
    """


class Question(Generic[T]):
    """
    A question with a thread of its own in each process, which keeps its connections. Whoever puts it while it is being
    asked shares the answer, and the time it has already taken: a thousand requests about a frozen server hold one
    connection, and only the first of them waits.
    """

    def __init__(self, ask: Callable[[], T], *, within_seconds: float) -> None:
        self._within_seconds = within_seconds
        self._asker = cache(lambda _process: Asker(ask))  # by process: a thread does not survive a fork

    def put(self) -> "Asked[T]":
        """
        Have it asked, without waiting for the answer.
        """
        return self._asker(os.getpid()).asked()

    def answer(self, asked: "Asked[T] | None" = None) -> T:
        """
        The answer, or whatever the question raises; NoAnswer when the time is up.
        """
        asked = asked or self.put()
        left = asked.at + self._within_seconds - time.monotonic()
        try:
            return asked.result(max(0.0, left))
        except TimeoutError as silence:
            raise NoAnswer(f"No answer within {self._within_seconds} seconds.") from silence


class Asked(Future[T]):
    """
    A question that was put, and when.
    """

    def __init__(self) -> None:
        super().__init__()
        self.at = time.monotonic()


class Asker(threading.Thread, Generic[T]):
    """
    The thread of a question.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        super().__init__(name="asker", daemon=True)
        self._ask = ask
        self._turn = threading.Condition()
        self._pending: Asked[T] | None = None
        self.start()

    def asked(self) -> Asked[T]:
        """
        The question that is being asked now, or else a new one.
        """
        with self._turn:
            if self._pending is None:
                self._pending = Asked()
                self._turn.notify()
            return self._pending

    def run(self) -> None:
        while True:
            with self._turn:
                while self._pending is None:
                    self._turn.wait()
                pending = self._pending
            self._answer(pending)

    def _answer(self, pending: Asked[T]) -> None:
        try:
            found = self._ask()
        except BaseException as trouble:  # noqa: BLE001 - raised again where the question was put
            self._over()
            pending.set_exception(trouble)
        else:
            self._over()
            pending.set_result(found)

    def _over(self) -> None:
        with self._turn:
            self._pending = None
