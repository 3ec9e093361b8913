"""
The threads that send: made once per worker process and kept, so that their connections can be kept too.
"""

import os
import sys
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from queue import Empty, SimpleQueue

from pipeline.crash_points import Point, crash_point
from pipeline.failures import NotNow
from pipeline.steps import LEASE_MARGIN_SECONDS, Attempt, Parcel, Report

MOST_AT_ONCE = 64
# Who waits longer than this for a thread could still be sending when its lease is over.
STARTS_WITHIN_SECONDS = LEASE_MARGIN_SECONDS / 2
# A sender that hears an answer must not wait five milliseconds (Python's own choice) until the packing thread pauses.
TURNS_CHANGE_EVERY_SECONDS = 0.0005


@dataclass(frozen=True, kw_only=True)
class Sent:
    """
    What became of one parcel: the other side's report, or the trouble there was, and after how many seconds.
    """

    attempt: Attempt
    seconds: float
    report: Report = field(default_factory=dict)
    trouble: Exception | None = None


@dataclass(frozen=True, kw_only=True)
class Errand:
    """
    One parcel to be sent, soon or not at all: a lease is running.
    """

    parcel: Parcel
    attempt: Attempt
    not_after: float

    def run(self) -> Sent:
        """
        Send it, and keep whatever happens.
        """
        began = time.monotonic()
        try:
            report = self._send(began)
        except BaseException as trouble:  # noqa: BLE001 - a thread has nobody to tell but the one that finishes
            failure = trouble if isinstance(trouble, Exception) else RuntimeError(repr(trouble))
            return Sent(attempt=self.attempt, trouble=failure, seconds=time.monotonic() - began)
        return Sent(attempt=self.attempt, report=report, seconds=time.monotonic() - began)

    def _send(self, now: float) -> Report:
        if now > self.not_after:
            raise NotNow("all sending threads are busy", seconds=1)
        crash_point(Point.SENDER_BEGINS)
        return self.parcel.send(self.attempt)


class Senders:
    """
    At most `at_once` threads that send the parcels of one message. A thread that is through with one begins the next
    without asking anybody, so that the other side never waits for our database.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._at_work = 0
        self._waiting: deque[Errand] = deque()
        self._turn = threading.Lock()
        self._back: SimpleQueue[Sent] = SimpleQueue()

    def send(self, parcel: Parcel, attempt: Attempt) -> None:
        """
        Have it sent as soon as a thread is free.
        """
        not_after = time.monotonic() + STARTS_WITHIN_SECONDS
        with self._turn:
            self._waiting.append(Errand(parcel=parcel, attempt=attempt, not_after=not_after))
            if self._at_work == self._at_once:
                return
            self._at_work += 1
        _threads(os.getpid()).submit(self._work)

    def recall(self) -> list[Attempt]:
        """
        Take back the parcels that no thread has begun with.
        """
        with self._turn:
            recalled = [errand.attempt for errand in self._waiting]
            self._waiting.clear()
        return recalled

    def back(self, *, within_seconds: float, gather: int = 1, for_seconds: float = 0) -> list[Sent]:
        """
        Whatever has come back: waits for the first one, and `for_seconds` more until there are `gather`.
        """
        came: list[Sent] = []
        try:
            came.append(self._back.get(timeout=within_seconds))
            until = time.monotonic() + for_seconds
            while len(came) < gather and (left := until - time.monotonic()) > 0:
                came.append(self._back.get(timeout=left))
            while True:
                came.append(self._back.get_nowait())
        except Empty:
            return came

    def _work(self) -> None:
        while errand := self._next():
            self._back.put(errand.run())

    def _next(self) -> Errand | None:
        with self._turn:
            if self._waiting:
                return self._waiting.popleft()
            self._at_work -= 1
            return None


@cache
def _threads(_process: int) -> ThreadPoolExecutor:
    # By process, because threads do not survive the fork that makes a pool worker.
    sys.setswitchinterval(TURNS_CHANGE_EVERY_SECONDS)
    return ThreadPoolExecutor(max_workers=MOST_AT_ONCE, thread_name_prefix="sender")
