"""
What a person can do with a step run: send it round again, or give it up. Both leave their line in the history.
"""

from django.db import transaction

from pipeline import journal, reversals
from pipeline.models import State, StepEvent, StepRun
from pipeline.nudge import nudge
from pipeline.statements import execute
from pipeline.steps import Subject, menu

# Whoever revives has decided what to make of an unknown outcome. What nobody wants any more (a refunded order) is not
# revived.
REVIVE = """
UPDATE pipeline_steprun
   SET state = 'promised', due_at = clock_timestamp(), attempts = 0, sends = 0, finished_at = NULL, sending_at = NULL
 WHERE id = %(run)s AND state IN ('buried', 'discarded', 'skipped') AND NOT withdrawn
"""

DISCARD = """
UPDATE pipeline_steprun
   SET state = 'discarded', due_at = NULL, because = %(because)s, finished_at = clock_timestamp()
 WHERE id = %(run)s AND state IN ('buried', 'waiting', 'promised', 'sent')
"""


class CannotRevive(ValueError):
    """
    Only what is buried, discarded or skipped can be sent round again, and only while somebody wants it.
    """


class CannotDiscard(ValueError):
    """
    What is done, running or given up already cannot be given up.
    """


@transaction.atomic
def revive(
    *, step: str, by: str, order_id: int | None = None, refund_id: int | None = None, reason: str = ""
) -> StepRun:
    """
    Send a step run round again, with all attempts of its policy: an order's, or that of a refund.
    """
    run = _locked(step, order_id, refund_id)
    if not execute(REVIVE, run=run.pk):
        unwanted = ", and nobody wants it any more" if run.withdrawn else ""
        raise CannotRevive(f"{run.step} of order {run.order_id} is {run.state}{unwanted}.")
    reversals.look_again(step=run.step, order_id=run.order_id)
    return _told(run, StepEvent.What.REVIVED, by=by, reason=reason)


@transaction.atomic
def discard(
    *, step: str, by: str, reason: str, order_id: int | None = None, refund_id: int | None = None
) -> StepRun:
    """
    Give a step run up for good; the reason is required, because a guest or a cook will ask.
    """
    if not reason.strip():
        raise CannotDiscard("Say why: somebody will ask.")
    run = _locked(step, order_id, refund_id)
    if not execute(DISCARD, run=run.pk, because=reason):
        raise CannotDiscard(f"{run.step} of order {run.order_id} is {run.state}.")
    return _told(run, StepEvent.What.DISCARDED, by=by, reason=reason)


def _locked(step: str, order_id: int | None, refund_id: int | None) -> StepRun:
    wanted = menu.find(step)
    subject, other = (order_id, refund_id) if wanted.subject is Subject.ORDER else (refund_id, order_id)
    if subject is None or other is not None:
        needed = "order_id" if wanted.subject is Subject.ORDER else "refund_id"
        raise TypeError(f"{wanted.name} is found by its {needed}, and by nothing else.")
    return StepRun.objects.select_for_update().get(step=wanted.name, subject_id=subject)


def _told(run: StepRun, what: StepEvent.What, *, by: str, reason: str) -> StepRun:
    attempts_before = run.attempts
    run.refresh_from_db()
    StepEvent.objects.create(
        step_run=run, order_id=run.order_id, attempt=attempts_before, what=what, by=by, because=reason
    )
    journal.record(f"step.{what}", step=run.step, order_id=run.order_id, attempt=attempts_before, by=by)
    if run.state == State.PROMISED:
        transaction.on_commit(nudge)
    return run
