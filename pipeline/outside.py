"""
Steps that call the outside: a rolling window of requests, each order for itself.

This thread alone talks to the database: it claims only as many orders as it starts at once, packs their parcels, marks
them as sending, and finishes whatever has come back. The sending threads only send, so they may keep their connections
to the other side open from message to message.
"""

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from django.db import DatabaseError, OperationalError

from pipeline import claims, journal, senders
from pipeline.claims import Claim
from pipeline.connections import persistently
from pipeline.crash_points import Point, crash_point
from pipeline.failures import UnknownOutcome
from pipeline.rate_limits import Permits
from pipeline.results import Result, finished, settle
from pipeline.steps import Parcel, Report, Step
from pipeline.stopping import is_stopping

TAKES_ON_NEW_FOR_SECONDS = 60
WAITS_FOR_A_PERMIT_SECONDS = 2


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
    underway: dict[Future[Report], tuple[Claim, int]] = field(default_factory=dict)

    @property
    def room(self) -> int:
        return self.step.at_once - len(self.underway)

    def start(self, subjects: Sequence[int]) -> None:
        """
        Claim, pack, mark, send: in this order, each committed before the next.
        """
        claim = Claim.take(
            step=self.step, subjects=subjects, by_hand=self.by_hand, in_company=self.in_company
        )
        if not claim.attempts:
            return
        parcels = self._pack(claim)
        if not parcels:
            return
        packed = claim.only(sorted(parcels))
        crash_point(Point.PACKED, self.step.name)
        ours = packed.mark_sending()
        crash_point(Point.MARKED_SENDING, self.step.name)
        for subject in ours:
            sending = senders.submit(parcels[subject].send, claim.attempts[subject])
            self.underway[sending] = (claim, subject)

    def collect(self, *, within_seconds: float | None = None) -> None:
        """
        Wait for the next answers and finish everything that has come back; nothing may have `within_seconds`.
        """
        patience = self.step.lease_seconds if within_seconds is None else within_seconds
        back, _ = wait(self.underway, timeout=patience, return_when=FIRST_COMPLETED)
        if not back and within_seconds is None:
            self._abandon()
            return
        came = [(*self.underway.pop(sending), sending) for sending in back]
        crash_point(Point.ANSWERS_CAME, self.step.name)
        good: dict[Claim, dict[int, Report]] = {}
        for claim, subject, sending in came:
            if sending.exception() is None:
                good.setdefault(claim, {})[subject] = sending.result()
        for claim, reports in good.items():
            self._finish(claim, reports)
        for claim, subject, sending in came:
            if (trouble := sending.exception()) is not None:
                self._settle(claim, subject, _as_failure(trouble))

    def _finish(self, claim: Claim, reports: dict[int, Report]) -> None:
        """
        Keep what the other side said. A database that is away must not make us send again what has arrived.
        """
        try:
            ours = persistently(lambda: claim.finish({**reports}), seconds=self.step.lease_seconds)
        except DatabaseError as trouble:
            if isinstance(trouble, OperationalError):
                raise
            if len(reports) == 1:  # it was sent, but what it told cannot be kept
                self._settle(
                    claim, next(iter(reports)), UnknownOutcome(f"{type(trouble).__name__}: {trouble}")
                )
                return
            for subject, report in reports.items():
                self._finish(claim, {subject: report})
        else:
            crash_point(Point.OUTSIDE_FINISHED, self.step.name)
            self.results |= finished(claim, reports, ours)

    def _settle(self, claim: Claim, subject: int, trouble: Exception) -> None:
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
                self._settle(claim, claim.subjects[0], trouble)
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

    def _abandon(self) -> None:
        # A parcel that ignores its own time limit. Its lease has run out, so the dispatcher gives it to somebody else.
        lost = [claim.attempts[subject] for claim, subject in self.underway.values()]
        journal.record("step.abandoned", **journal.tried(self.step, lost))
        for sending in self.underway:
            sending.cancel()
        self.underway.clear()


def carry_out(step: Step, subjects: Sequence[int], *, by_hand: bool) -> dict[int, Result]:
    """
    Send for all subjects that are open and due, at most `step.at_once` at a time and as fast as its rate limit allows;
    hand back what is left after a minute, or when the worker is asked to stop.
    """
    window = Window(step, in_company=len(subjects) > 1, by_hand=by_hand)
    left = deque(subjects)
    started = time.monotonic()
    while left or window.underway:
        if left and (is_stopping() or time.monotonic() - started > TAKES_ON_NEW_FOR_SECONDS):
            _hand_back(step, left)
        permits = _permits(window, wanted=len(left))
        if permits.granted:
            window.start([left.popleft() for _ in range(permits.granted)])
        if window.underway:
            window.collect(within_seconds=permits.next_in_seconds or None)
        elif left and permits.next_in_seconds > WAITS_FOR_A_PERMIT_SECONDS:
            _hand_back(step, left, wait=permits.next_in_seconds)
        elif left:
            time.sleep(permits.next_in_seconds)
    return window.results


def _permits(window: Window, *, wanted: int) -> Permits:
    possible = min(window.room, wanted)
    return window.step.rate_limit.take(possible) if possible else Permits(granted=0)


def _hand_back(step: Step, left: deque[int], *, wait: float = 0) -> None:
    claims.hand_back(step=step, subjects=list(left), wait=wait)
    journal.record("step.handed_back", **journal.untried(step, left))
    left.clear()


def _as_failure(trouble: BaseException) -> Exception:
    return trouble if isinstance(trouble, Exception) else RuntimeError(repr(trouble))
