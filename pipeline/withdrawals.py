"""
Taking back what was promised: nobody wants it any more, or they want it after all.

What is done stays done (a reversal undoes it), and what is running may still end well; whatever else is open is not begun
again. A running step that fails after its withdrawal ends skipped, too: see the statements in `pipeline/claims.py`.
"""

from collections.abc import Iterable

from pipeline import journal, reversals
from pipeline.statements import rows
from pipeline.steps import Step, WhenWithdrawn

# Locked in id order. What lies buried or was given up is marked as well, so that nobody revives it.
WITHDRAW = """
WITH unwanted AS (
    SELECT id, state IN ('promised', 'sent', 'waiting') AS open FROM pipeline_steprun
     WHERE step = ANY(%(steps)s) AND subject_id = %(subject)s AND NOT withdrawn AND state <> 'done'
     ORDER BY id FOR NO KEY UPDATE),
withdrawn AS (
    UPDATE pipeline_steprun run
       SET withdrawn = true, state = CASE WHEN open THEN 'skipped' ELSE run.state END,
           due_at = CASE WHEN NOT open THEN run.due_at END,
           finished_at = CASE WHEN open THEN clock_timestamp() ELSE run.finished_at END,
           because = CASE WHEN open THEN %(because)s ELSE run.because END
      FROM unwanted WHERE run.id = unwanted.id
    RETURNING run.id, run.step, run.order_id, run.attempts, open),
history AS (
    INSERT INTO pipeline_stepevent (step_run_id, order_id, attempt, what, because, by)
    SELECT id, order_id, attempts, 'skipped', %(because)s, '' FROM withdrawn WHERE open)
SELECT step, order_id FROM withdrawn WHERE open
"""

REINSTATE = """
WITH wanted AS (
    SELECT id, state = 'skipped' AND step = ANY(%(resumed)s) AS again FROM pipeline_steprun
     WHERE step = ANY(%(steps)s) AND subject_id = %(subject)s AND withdrawn
     ORDER BY id FOR NO KEY UPDATE),
reinstated AS (
    UPDATE pipeline_steprun run
       SET withdrawn = false, state = CASE WHEN again THEN 'promised' ELSE run.state END,
           due_at = CASE WHEN again THEN clock_timestamp() ELSE run.due_at END,
           attempts = CASE WHEN again THEN 0 ELSE run.attempts END, sends = CASE WHEN again THEN 0 ELSE run.sends END,
           finished_at = CASE WHEN NOT again THEN run.finished_at END,
           because = CASE WHEN again THEN '' ELSE run.because END
      FROM wanted WHERE run.id = wanted.id
    RETURNING run.id, run.step, run.order_id, run.attempts, again),
history AS (
    INSERT INTO pipeline_stepevent (step_run_id, order_id, attempt, what, because, by)
    SELECT id, order_id, attempts, 'revived', %(because)s, '' FROM reinstated WHERE again)
SELECT step, order_id FROM reinstated WHERE again
"""


def withdraw(*, subject_id: int, steps: Iterable[Step], because: str) -> int:
    """
    Skip those steps of the subject that are open; returns how many. In the transaction of the fact it follows from.
    """
    unwanted = [step.name for step in steps if step.when_withdrawn is not WhenWithdrawn.GOES_ON]
    skipped = rows(WITHDRAW, steps=unwanted, subject=subject_id, because=because)
    for step, order_id in skipped:
        journal.record("step.skipped", step=step, order_id=order_id, because=because)
    return len(skipped)


def reinstate(*, subject_id: int, steps: Iterable[Step], because: str) -> int:
    """
    Take the withdrawal back: promise again what says so of itself; returns how many.
    """
    all_steps = list(steps)
    resumed = [step.name for step in all_steps if step.when_withdrawn is WhenWithdrawn.RESUMED]
    again = rows(
        REINSTATE,
        steps=[step.name for step in all_steps],
        resumed=resumed,
        subject=subject_id,
        because=because,
    )
    for step, order_id in again:
        journal.record("step.reinstated", step=step, order_id=order_id, because=because)
        reversals.look_again(step=step, order_id=order_id)
    return len(again)
