"""
Steps that undo another one: when they may begin, and when there is nothing to undo.
"""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from pipeline import journal
from pipeline.crash_points import Point, crash_point
from pipeline.statements import execute, rows
from pipeline.steps import Effect, Step, Subject, menu

OPEN = """
SELECT id FROM pipeline_steprun
 WHERE step = %(step)s AND subject_id = ANY(%(subjects)s)
   AND (state IN ('promised', 'sent') OR state = 'waiting' AND (%(by_hand)s OR due_at <= clock_timestamp()))
 ORDER BY id FOR UPDATE SKIP LOCKED
"""

# Where the original stands decides. `withdrawn` and buried will never be done; buried alone may be revived. What may have
# happened outside is undone as if it had: an unknown outcome; any attempt, where the other side can be asked; and what was
# revived, for that took the mark of an unknown outcome away. A statement of its own, so that it sees what those wrote who
# held our rows before. Of an order that was forgotten (`pipeline/forgetting.py`) everything was done.
SORT = """
WITH mine AS (SELECT id, subject_id, order_id FROM pipeline_steprun WHERE id = ANY(%(runs)s)),
sorted AS (
    SELECT mine.*, original.state,
           CASE WHEN original.state = 'done' THEN 'go'
                WHEN original.id IS NULL AND EXISTS (
                     SELECT FROM pipeline_forgottenruns forgotten WHERE forgotten.step = %(original)s
                        AND CASE WHEN %(of_the_order)s THEN mine.order_id ELSE mine.subject_id END
                            BETWEEN forgotten.first_subject AND forgotten.last_subject) THEN 'go'
                WHEN original.state IN ('promised', 'sent', 'running', 'waiting') THEN 'wait'
                WHEN original.sending_at IS NOT NULL THEN 'go'
                WHEN %(looks_up)s AND original.attempts > 0 THEN 'go'
                WHEN %(outside)s AND EXISTS (
                     SELECT FROM pipeline_stepevent event WHERE event.step_run_id = original.id AND event.attempt > 0
                        AND (%(looks_up)s OR event.what = 'revived')) THEN 'go'
                WHEN original.state = 'buried' AND NOT original.withdrawn THEN 'wait'
                ELSE 'skip' END AS verdict
      FROM mine LEFT JOIN pipeline_steprun original
        ON original.step = %(original)s
       AND original.subject_id = CASE WHEN %(of_the_order)s THEN mine.order_id ELSE mine.subject_id END),
put_off AS (
    UPDATE pipeline_steprun run
       SET state = 'waiting', sends = 0, because = 'the step that it undoes is ' || sorted.state,
           due_at = clock_timestamp() + %(scale)s * make_interval(
               secs => CASE sorted.state WHEN 'buried' THEN 600 WHEN 'waiting' THEN 30 ELSE 5 END)
      FROM sorted WHERE run.id = sorted.id AND verdict = 'wait'),
skipped AS (
    UPDATE pipeline_steprun run
       SET state = 'skipped', due_at = NULL, finished_at = clock_timestamp(), because = 'there is nothing to undo'
      FROM sorted WHERE run.id = sorted.id AND verdict = 'skip'
    RETURNING run.id, run.order_id, run.attempts, run.because),
history AS (
    INSERT INTO pipeline_stepevent (step_run_id, order_id, attempt, what, because, by)
    SELECT id, order_id, attempts, 'skipped', because, '' FROM skipped)
SELECT subject_id, order_id, verdict FROM sorted ORDER BY id
"""

# Locked first, so that a reversal which is being sorted just now is seen as it was sorted.
LOCK = """
SELECT id FROM pipeline_steprun
 WHERE step = ANY(%(reversals)s) AND (%(subject)s::bigint IS NULL OR subject_id = %(subject)s)
   AND (subject_id = %(order)s AND order_id = subject_id OR order_id = %(order)s AND order_id <> subject_id)
 ORDER BY id FOR NO KEY UPDATE
"""
LOOK_AGAIN = """
UPDATE pipeline_steprun
   SET state = 'promised', due_at = clock_timestamp(), attempts = 0, sends = 0, finished_at = NULL, because = ''
 WHERE id = ANY(%(runs)s) AND state = 'skipped' AND NOT withdrawn
"""


def ready(step: Step, subjects: Sequence[int], *, by_hand: bool) -> list[int]:
    """
    Those of the reversal's subjects that can be undone now; the others are put off, or skipped for good.
    """
    with transaction.atomic():
        mine = [run for (run,) in rows(OPEN, step=step.name, subjects=list(subjects), by_hand=by_hand)]
        found = _sorted(step, mine)
    crash_point(Point.REVERSAL_SORTED, step.name)
    if nothing := [order_id for _, order_id, verdict in found if verdict == "skip"]:
        journal.record("step.skipped", step=step.name, order_ids=nothing, because="there is nothing to undo")
    return [subject for subject, _, verdict in found if verdict == "go"]


def _sorted(step: Step, runs: list[int]) -> list[tuple[int, int, str]]:
    """
    Subject, order and verdict of each: go, wait or skip.
    """
    original = menu.find(step.reverses)
    return rows(
        SORT,
        runs=runs,
        original=original.name,
        of_the_order=original.subject is Subject.ORDER,
        outside=original.effect is Effect.OUTSIDE,
        looks_up=step.looks_up,
        scale=settings.RETRY_TIME_SCALE,
    )


def look_again(*, step: str, order_id: int, subject_id: int | None = None) -> None:
    """
    There may be something to undo now: the step is promised once more, after reversals of it found nothing.
    """
    undoing = [reversal.name for reversal in menu if reversal.reverses == step]
    if undoing:
        runs = [run for (run,) in rows(LOCK, reversals=undoing, order=order_id, subject=subject_id)]
        execute(LOOK_AGAIN, runs=runs)
