"""
Steps whose work shows only in our database: it commits together with `done`, for a whole batch at once.
"""

from django.db import transaction

from pipeline import journal
from pipeline.claims import Claim
from pipeline.crash_points import Point, crash_point
from pipeline.results import Result, finished, settle
from pipeline.steps import Report


def carry_out(claim: Claim) -> dict[int, Result]:
    """
    Carry out the whole claim in one transaction; if that fails, each subject by itself within the same attempt.
    """
    try:
        return _in_one_transaction(claim)
    except Exception as trouble:  # noqa: BLE001 - anything unforeseen is a failure of this attempt, and is kept
        if len(claim.attempts) == 1:
            return {claim.subjects[0]: settle(claim, claim.subjects[0], trouble)}
        # The roll-back hit every order once; from here on each stands for itself.
        journal.record(
            "batch.taken_apart",
            **journal.tried(claim.step, claim.attempts.values()),
            because=type(trouble).__name__,
        )
    results: dict[int, Result] = {}
    for subject in claim.subjects:
        results |= carry_out(claim.only([subject]))
    return results


def _in_one_transaction(claim: Claim) -> dict[int, Result]:
    with transaction.atomic():
        # The fence comes first: it locks our rows, and what is not ours any more gets no effect.
        ours = claim.finish(dict.fromkeys(claim.subjects))
        crash_point(Point.FENCED, claim.step.name)
        reports: dict[int, Report] = claim.step.work(ours) if ours else {}
        crash_point(Point.EFFECTS_WRITTEN, claim.step.name)
    crash_point(Point.INSIDE_COMMITTED, claim.step.name)
    return finished(claim, {subject: reports.get(subject) or {} for subject in claim.subjects}, ours)
