"""
A rolling window of requests, each order for itself.

This thread alone talks to the database: it claims only as many orders as it starts at once (and a few that stand ready,
see `pace`), packs and wraps their parcels, marks them as sending, and finishes whatever has come back. The sending threads
only send, so they may keep their connections to the other side open from message to message.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, OperationalError

from pipeline import journal, pace
from pipeline.claims import Claim
from pipeline.connections import persistently
from pipeline.crash_points import Point, crash_point
from pipeline.failures import NotNow, UnknownOutcome
from pipeline.results import Result, finished, settle
from pipeline.senders import Senders
from pipeline.steps import LooseParcel, Parcel, Report, Step


class WrongParcels(RuntimeError):
    """
    A step must pack exactly one parcel for each order.
    """


@dataclass
class Window:
    """
    The requests that are under way, and what became of the others.
    """

    step: Step
    in_company: bool
    by_hand: bool
    results: dict[int, Result] = field(default_factory=dict)
    underway: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        # One token for all that this message claims, so that whatever came back is finished with one statement.
        self.claim = Claim(step=self.step, token=uuid.uuid4(), attempts={})
        self.senders = Senders(self.step.at_once)

    @property
    def room(self) -> int:
        return self.step.at_once + pace.pace_of(self.step).ready - len(self.underway)

    @property
    def is_worth_a_claim(self) -> bool:
        """
        Are so many parcels wanted that a claim for them is worth its statements?
        """
        return not self.underway or self.room >= pace.pace_of(self.step).gather

    def start(self, subjects: Sequence[int]) -> None:
        """
        Claim, pack, wrap, mark, send: in this order, each committed before the next.
        """
        claim = Claim.take(
            step=self.step,
            subjects=subjects,
            by_hand=self.by_hand,
            in_company=self.in_company,
            token=self.claim.token,
        )
        if not claim.attempts:
            return
        self.claim = self.claim.joined_by(claim)
        parcels = self._wrapped(self._pack(claim))
        if not parcels:
            return
        packed = claim.only(sorted(parcels))
        crash_point(Point.PACKED, self.step.name)
        ours = packed.mark_sending()
        crash_point(Point.MARKED_SENDING, self.step.name)
        for subject in ours:
            self.underway.add(subject)
            self.senders.send(parcels[subject], claim.attempts[subject])

    def collect(self, *, within_seconds: float | None = None) -> None:
        """
        Wait for the next answers and finish everything that has come back; nothing may have `within_seconds`.
        """
        pace_now = pace.pace_of(self.step)
        back = self.senders.back(
            within_seconds=self.step.lease_seconds if within_seconds is None else within_seconds,
            gather=min(pace_now.gather, len(self.underway)),
            for_seconds=pace_now.for_seconds,
        )
        if not back and within_seconds is None:
            self._abandon()
            return
        crash_point(Point.ANSWERS_CAME, self.step.name)
        for sent in back:
            self.underway.discard(sent.attempt.subject_id)
            pace.note(self.step, sent.seconds)
        if good := {sent.attempt.subject_id: sent.report for sent in back if sent.trouble is None}:
            self._finish(good)
        for sent in back:
            if sent.trouble is not None:
                self._settle(sent.attempt.subject_id, sent.trouble)

    def recall(self, *, because: str) -> None:
        """
        Give back, untried, what stands ready and has not left.
        """
        for attempt in self.senders.recall():
            self.underway.discard(attempt.subject_id)
            self._settle(attempt.subject_id, NotNow(because, seconds=0))

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

    def _pack(self, claim: Claim) -> dict[int, Parcel]:
        """
        The parcels of the claim; an order whose parcel cannot be packed fails alone.
        """
        try:
            return self._packed(claim)
        except Exception as trouble:  # noqa: BLE001 - anything unforeseen is a failure of this attempt, and is kept
            if len(claim.attempts) == 1:
                self._settle(claim.subjects[0], trouble)
                return {}
        parcels: dict[int, Parcel] = {}
        for subject in claim.subjects:
            parcels |= self._pack(claim.only([subject]))
        return parcels

    def _packed(self, claim: Claim) -> dict[int, Parcel]:
        parcels: dict[int, Parcel] = self.step.work(claim.subjects)
        if parcels.keys() != claim.attempts.keys():
            raise WrongParcels(f"{self.step.name} packed {sorted(parcels)} for {claim.subjects}.")
        return parcels

    def _wrapped(self, parcels: dict[int, Parcel]) -> dict[int, Parcel]:
        """
        The parcels, ready to go; one that cannot be wrapped fails alone.
        """
        wrapped: dict[int, Parcel] = {}
        for subject, parcel in parcels.items():
            try:
                loose = isinstance(parcel, LooseParcel)
                wrapped[subject] = parcel.wrapped(self.claim.attempts[subject]) if loose else parcel
            except Exception as trouble:  # noqa: BLE001 - anything unforeseen is a failure of this attempt, and is kept
                self._settle(subject, trouble)
        return wrapped

    def _abandon(self) -> None:
        # A parcel that ignores its own time limit. Its lease has run out, so the dispatcher gives it to somebody else.
        lost = [self.claim.attempts[subject] for subject in sorted(self.underway)]
        journal.record("step.abandoned", **journal.tried(self.step, lost))
        self.senders.recall()
        self.underway.clear()
