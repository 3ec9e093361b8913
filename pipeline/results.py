"""
How an attempt ended, and what follows from it.
"""

import random
from dataclasses import dataclass, field

from django.conf import settings

from pipeline import journal
from pipeline.claims import Claim
from pipeline.connections import was_lost
from pipeline.crash_points import Point, crash_point
from pipeline.failures import NotNow, PermanentFailure, UnknownOutcome
from pipeline.models import State
from pipeline.steps import Report

DATABASE_IS_BACK_AFTER_SECONDS = 5.0
ENDED_AS = {
    State.WAITING: "step.failed",
    State.BURIED: "step.buried",
    State.SKIPPED: "step.skipped",
}


@dataclass(frozen=True, kw_only=True)
class Result:
    """
    The state a step run was left in, with the report of a success or the reason of a failure.
    """

    state: State
    report: Report = field(default_factory=dict)
    because: str = ""


def settle(claim: Claim, subject: int, trouble: Exception) -> Result:
    """
    End a claimed attempt that raised: postponed, waiting for the next try, or buried.
    """
    because = journal.without_secrets(f"{type(trouble).__name__}: {trouble}")
    if isinstance(trouble, NotNow):
        return _postponed(claim, subject, trouble, because)
    attempt = claim.attempts[subject]
    wait = _wait_after(claim, attempt.number, trouble)
    facts = journal.tried(claim.step, [attempt])
    # That this attempt came to nothing does not tell what became of an earlier one.
    unknown = isinstance(trouble, UnknownOutcome) or attempt.outcome_unknown
    crash_point(Point.FAILING, claim.step.name)
    state = claim.fail(subject, because=because, wait=wait, unknown=unknown)
    if state is None:
        return _refused({**facts, "because": because})
    crash_point(Point.FAILED, claim.step.name)
    again = {"again_in_seconds": round(wait, 1)} if wait is not None and state is State.WAITING else {}
    journal.record(ENDED_AS[state], **facts, because=because, trouble=trouble, **again)
    return Result(state=state, because=because)


def finished(claim: Claim, reports: dict[int, Report], ours: list[int]) -> dict[int, Result]:
    """
    Say what was done; a subject that is no longer ours was refused by the fence.
    """
    if ours:
        journal.record("step.done", **journal.tried(claim.step, [claim.attempts[s] for s in ours]))
    results = {subject: Result(state=State.DONE, report=reports.get(subject, {})) for subject in ours}
    for subject in reports.keys() - set(ours):
        results[subject] = _refused(journal.tried(claim.step, [claim.attempts[subject]]))
    return results


def _wait_after(claim: Claim, attempt: int, trouble: Exception) -> float | None:
    if isinstance(trouble, PermanentFailure):
        return None
    wait = claim.step.retry.seconds_after(attempt, chance=random.random(), scale=settings.RETRY_TIME_SCALE)
    # Counted, so that an order which breaks the database ends; but the others need not wait for a till to recover.
    return min(wait, DATABASE_IS_BACK_AFTER_SECONDS) if wait is not None and was_lost(trouble) else wait


def _postponed(claim: Claim, subject: int, trouble: NotNow, because: str) -> Result:
    crash_point(Point.POSTPONING, claim.step.name)
    state = claim.postpone(subject, because=because, wait=trouble.seconds, heard_of_it=trouble.heard_of_it)
    crash_point(Point.POSTPONED, claim.step.name)
    facts = {**journal.tried(claim.step, [claim.attempts[subject]]), "because": because}
    if state is None:
        return _refused(facts)
    journal.record("step.skipped" if state is State.SKIPPED else "step.postponed", **facts)
    return Result(state=state, because=because)


def _refused(facts: dict[str, object]) -> Result:
    journal.record("step.finish_refused", **facts)
    return Result(state=State.RUNNING, because="the lease was lost; another worker has taken over")
