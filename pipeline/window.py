"""
A rolling window of requests, each order for itself.

This thread alone talks to the database: it claims orders and packs their parcels, wraps and marks as sending what leaves
next, and finishes whatever has come back. The sending threads only send, so they may keep their connections to the other
side open from message to message. How far all of this runs ahead of the sending, `pace` decides.
"""

import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, OperationalError

from pipeline import journal, pace
from pipeline.claims import Claim
from pipeline.connections import persistently
from pipeline.crash_points import Point, crash_point
from pipeline.failures import NotNow, UnknownOutcome
from pipeline.packing import pack, wrap
from pipeline.results import Result, finished, settle
from pipeline.senders import STARTS_WITHIN_SECONDS, Senders
from pipeline.steps import Parcel, Report, Step


@dataclass
class Window:
    """
    The requests that are under way, what is packed to follow them, and what became of the others.
    """

    step: Step
    in_company: bool
    by_hand: bool
    results: dict[int, Result] = field(default_factory=dict)
    underway: set[int] = field(default_factory=set)
    packed: deque[tuple[int, Parcel]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        # One token for all that this message claims, so that whatever came back is finished with one statement.
        self.claim = Claim(step=self.step, token=uuid.uuid4(), attempts={})
        self.senders = Senders(self.step.at_once)
        self.packed_at = 0.0

    @property
    def is_empty(self) -> bool:
        return not (self.underway or self.packed)

    @property
    def takes(self) -> int:
        """
        How many more orders to claim now: none while there are packed ones, because a claim costs its statements.
        """
        return 0 if self.packed else self._room + self._pace.packed

    @property
    def _pace(self) -> pace.Pace:
        return pace.pace_of(self.step)

    @property
    def _room(self) -> int:
        return max(0, self.step.at_once + self._pace.ready - len(self.underway))

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
            self.packed_at = time.monotonic()

    def send(self) -> None:
        """
        Wrap, mark, send as many as there is room for: in this order, the mark committed before anything leaves.
        """
        self._put_off_what_is_late()
        leaving = dict(self.packed.popleft() for _ in range(min(self._room, len(self.packed))))
        parcels = wrap(leaving, self.claim, self._settle)
        if not parcels:
            return
        crash_point(Point.PACKED, self.step.name)
        ours = self.claim.only(sorted(parcels)).mark_sending()
        crash_point(Point.MARKED_SENDING, self.step.name)
        for subject in ours:
            self.underway.add(subject)
            self.senders.send(parcels[subject], self.claim.attempts[subject])

    def collect(self, *, within_seconds: float | None = None) -> None:
        """
        Wait for the next answers and finish everything that has come back; nothing may have `within_seconds`.
        """
        back = self.senders.back(
            within_seconds=self.step.lease_seconds if within_seconds is None else within_seconds,
            gather=min(self._pace.gather, len(self.underway)),
            for_seconds=self._pace.for_seconds,
        )
        if not back and within_seconds is None:
            self._abandon()
            return
        crash_point(Point.ANSWERS_CAME, self.step.name)
        for sent in back:
            self.underway.discard(sent.attempt.subject_id)
            if not isinstance(
                sent.trouble, NotNow
            ):  # who turns us away at the door tells nothing of its pace
                pace.note(self.step, sent.seconds)
        if good := {sent.attempt.subject_id: sent.report for sent in back if sent.trouble is None}:
            self._finish(good)
        for sent in back:
            if sent.trouble is not None:
                self._settle(sent.attempt.subject_id, sent.trouble)

    def put_off(self, because: str, *, seconds: float = 0) -> None:
        """
        Give back, untried, what is packed and has not left.
        """
        recalled = [attempt.subject_id for attempt in self.senders.recall()]
        self.underway.difference_update(recalled)
        for subject in [*recalled, *(subject for subject, _ in self.packed)]:
            self._settle(subject, NotNow(because, seconds=seconds))
        self.packed.clear()

    def _put_off_what_is_late(self) -> None:
        # The other side has become slow meanwhile. What would wait longer could lose its lease before it leaves.
        if self.packed and time.monotonic() - self.packed_at > STARTS_WITHIN_SECONDS:
            self.put_off("the other side has become slow", seconds=1)

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
        lost = [self.claim.attempts[subject] for subject in sorted(self.underway)]
        journal.record("step.abandoned", **journal.tried(self.step, lost))
        self.senders.recall()
        self.underway.clear()
