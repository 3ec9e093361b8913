"""
What a person can do with a step run: send it round again, or give it up. Both leave their line in the history.
"""

from django.db import transaction

from pipeline import journal
from pipeline.models import State, StepEvent, StepRun
from pipeline.nudge import nudge
from pipeline.statements import execute
from pipeline.steps import menu

# Whoever revives has decided what to make of an unknown outcome.
REVIVE = """
UPDATE pipeline_steprun
   SET state = 'promised', due_at = clock_timestamp(), attempts = 0, sends = 0, finished_at = NULL, sending_at = NULL
 WHERE step = %(step)s AND subject_id = %(order)s AND state IN ('buried', 'discarded')
"""

DISCARD = """
UPDATE pipeline_steprun
   SET state = 'discarded', due_at = NULL, because = %(because)s, finished_at = clock_timestamp()
 WHERE step = %(step)s AND subject_id = %(order)s AND state IN ('buried', 'waiting', 'promised', 'sent')
"""


class CannotRevive(ValueError):
    """
    Only what is buried or discarded can be sent round again.
    """


class CannotDiscard(ValueError):
    """
    What is done, running or given up already cannot be given up.
    """


@transaction.atomic
def revive(*, order_id: int, step: str, by: str, reason: str = "") -> StepRun:
    """
    Send a buried (or discarded) step run round again, with all attempts of its policy.
    """
    name = menu.find(step).name
    run = _locked(name, order_id)
    if not execute(REVIVE, step=name, order=order_id):
        raise CannotRevive(f"{name} of order {order_id} is {run.state}.")
    return _told(run, StepEvent.What.REVIVED, by=by, reason=reason)


@transaction.atomic
def discard(*, order_id: int, step: str, by: str, reason: str) -> StepRun:
    """
    Give a step run up for good; the reason is required, because a guest or a cook will ask.
    """
    if not reason.strip():
        raise CannotDiscard("Say why: somebody will ask.")
    name = menu.find(step).name
    run = _locked(name, order_id)
    if not execute(DISCARD, step=name, order=order_id, because=reason):
        raise CannotDiscard(f"{name} of order {order_id} is {run.state}.")
    return _told(run, StepEvent.What.DISCARDED, by=by, reason=reason)


def _locked(step: str, order_id: int) -> StepRun:
    return StepRun.objects.select_for_update().get(step=step, subject_id=order_id)


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
