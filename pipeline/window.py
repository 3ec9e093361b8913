"""
A rolling window of requests, each order for itself.

This thread alone talks to the database, and the sending threads only send, so they may keep their connections to the
other side open from message to message. While they are busy, this thread claims, packs and wraps the next group. Only
what a sender is free for is marked as sending: never more orders than there are senders can be of unknown outcome.
"""

import uuid
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from django.db import DatabaseError, OperationalError

from pipeline import journal, senders
from pipeline.claims import Claim
from pipeline.connections import persistently
from pipeline.crash_points import Point, crash_point
from pipeline.failures import NotNow, UnknownOutcome
from pipeline.packing import pack
from pipeline.results import Result, finished, settle
from pipeline.steps import LooseParcel, Parcel, Report, Step


@dataclass
class Window:
    """
    The orders of one message that are claimed, in the order in which they pass: packed, wrapped, under way. And what
    became of the others.
    """

    step: Step
    in_company: bool
    by_hand: bool
    packed: deque[tuple[int, Parcel]] = field(default_factory=deque)
    wrapped: deque[tuple[int, Parcel]] = field(default_factory=deque)
    underway: dict[Future[Report], int] = field(default_factory=dict)
    results: dict[int, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # One token for all that this message claims, so that whatever has come back is finished with one statement.
        self.claim = Claim(step=self.step, token=uuid.uuid4(), attempts={})

    @property
    def is_empty(self) -> bool:
        return not (self.packed or self.wrapped or self.underway)

    @property
    def takes(self) -> int:
        """
        How many more orders to claim now: one group at a time, because a claim costs its statements. With a rate limit
        nothing is claimed ahead: a permit is for now.
        """
        if self.packed or self.wrapped:
            return 0
        return self._free_senders if self.step.rate_limit.per_second else self.step.at_once

    @property
    def _free_senders(self) -> int:
        return self.step.at_once - len(self.underway)

    def take(self, subjects: Sequence[int]) -> None:
        """
        Claim, and pack.
        """
        claim = Claim.take(
            step=self.step,
            subjects=subjects,
            by_hand=self.by_hand,
            in_company=self.in_company,
            token=self.claim.token,
        )
        self.claim = self.claim.joined_by(claim)
        if claim.attempts:
            self.packed.extend(pack(claim, self._settle).items())

    def send(self) -> None:
        """
        Mark as sending, with one statement, as many as there are free senders; send them when that is committed.
        """
        while self.packed and len(self.wrapped) < self._free_senders:
            self._wrap_next()
        leaving = dict(self.wrapped.popleft() for _ in range(min(self._free_senders, len(self.wrapped))))
        if not leaving:
            return
        crash_point(Point.PACKED, self.step.name)
        ours = self.claim.only(sorted(leaving)).mark_sending()
        crash_point(Point.MARKED_SENDING, self.step.name)
        for subject in ours:
            sending = senders.submit(leaving[subject].send, self.claim.attempts[subject])
            self.underway[sending] = subject
        for subject in sorted(leaving.keys() - set(ours)):
            self._settle(subject, NotNow("paused, or held for too long, before it could leave", seconds=0))

    def collect(self, *, within_seconds: float | None = None) -> None:
        """
        Wait for the next answers and finish everything that has come back; nothing may have `within_seconds`.
        """
        while self.packed and not any(sending.done() for sending in self.underway):
            self._wrap_next()
        patience = self.step.lease_seconds if within_seconds is None else within_seconds
        back, _ = wait(self.underway, timeout=patience, return_when=FIRST_COMPLETED)
        if not back and within_seconds is None:
            self._abandon()
            return
        came = [(self.underway.pop(sending), sending) for sending in back]
        crash_point(Point.ANSWERS_CAME, self.step.name)
        if good := {subject: sending.result() for subject, sending in came if sending.exception() is None}:
            self._finish(good)
        for subject, sending in came:
            if (trouble := sending.exception()) is not None:
                self._settle(subject, _as_failure(trouble))

    def put_off(self, because: str) -> None:
        """
        Give back, untried and uncounted, what is claimed and has not left.
        """
        for subject, _ in [*self.wrapped, *self.packed]:
            self._settle(subject, NotNow(because, seconds=0))
        self.wrapped.clear()
        self.packed.clear()

    def _wrap_next(self) -> None:
        subject, parcel = self.packed.popleft()
        try:
            if isinstance(parcel, LooseParcel):
                parcel = parcel.wrapped(self.claim.attempts[subject])
        except Exception as trouble:  # noqa: BLE001 - anything unforeseen is a failure of this attempt, and is kept
            self._settle(subject, trouble)
        else:
            self.wrapped.append((subject, parcel))

    def _finish(self, reports: dict[int, Report]) -> None:
        """
        Keep what the other side said. A database that is away must not make us send again what has arrived.
        """
        claim = self.claim
        try:
            ours = persistently(lambda: claim.finish({**reports}), seconds=self.step.lease_seconds)
        except DatabaseError as trouble:
            if isinstance(trouble, OperationalError):
                raise
            if len(reports) == 1:  # it was sent, but what it told cannot be kept
                self._settle(next(iter(reports)), UnknownOutcome(f"{type(trouble).__name__}: {trouble}"))
                return
            for subject, report in reports.items():
                self._finish({subject: report})
        else:
            crash_point(Point.OUTSIDE_FINISHED, self.step.name)
            self.results |= finished(claim, reports, ours)

    def _settle(self, subject: int, trouble: Exception) -> None:
        claim = self.claim
        self.results[subject] = persistently(
            lambda: settle(claim, subject, trouble), seconds=self.step.lease_seconds
        )

    def _abandon(self) -> None:
        # A parcel that ignores its own time limit. Its lease has run out, so the dispatcher gives it to somebody else.
        lost = [self.claim.attempts[subject] for subject in sorted(self.underway.values())]
        journal.record("step.abandoned", **journal.tried(self.step, lost))
        for sending in self.underway:
            sending.cancel()
        self.underway.clear()


def _as_failure(trouble: BaseException) -> Exception:
    return trouble if isinstance(trouble, Exception) else RuntimeError(repr(trouble))
