"""
What died with its worker.
"""

from pipeline import journal
from pipeline.crash_points import Point, crash_point
from pipeline.statements import rows
from pipeline.steps import menu

AT_ONCE = 500

# Running, and the lease is over: the worker is gone. Its attempt was counted; what has none left is buried. From now on
# the row travels alone, so that an order which kills its worker cannot take others with it.
TAKE_BACK = """
WITH allowed AS (
    SELECT * FROM unnest(%(steps)s::text[], %(attempts)s::int[]) AS allowed(step, most)),
lost AS (
    SELECT run.id, run.attempts >= allowed.most AS spent,
           CASE WHEN run.sending_at IS NULL THEN %(gone)s ELSE %(gone_sending)s END AS because
      FROM pipeline_steprun run JOIN allowed USING (step)
     WHERE run.state = 'running' AND run.due_at <= statement_timestamp()
     ORDER BY run.id LIMIT %(limit)s FOR UPDATE OF run SKIP LOCKED),
back AS (
    UPDATE pipeline_steprun run
       SET state = CASE WHEN run.withdrawn THEN 'skipped' WHEN lost.spent THEN 'buried' ELSE 'promised' END,
           due_at = CASE WHEN NOT (lost.spent OR run.withdrawn) THEN clock_timestamp() END,
           finished_at = CASE WHEN lost.spent OR run.withdrawn THEN clock_timestamp() END,
           lease_token = NULL, alone = true, because = lost.because
      FROM lost WHERE run.id = lost.id
    RETURNING run.id, run.step, run.order_id, run.attempts, run.state, run.because),
history AS (
    INSERT INTO pipeline_stepevent (step_run_id, order_id, attempt, what, because, by)
    SELECT id, order_id, attempts, kind, because, ''
      FROM back, unnest(ARRAY['lease_lost', 'buried', 'skipped']) AS kind WHERE kind IN ('lease_lost', state))
SELECT step, order_id, attempts, state FROM back
"""

GONE = "the worker was gone before it could say how it ended"
GONE_SENDING = "the worker was gone after it began to send"  # so what it sent may have arrived
LOST_AS = {"buried": "step.buried", "skipped": "step.skipped"}


def take_back() -> int:
    """
    Make step runs whose worker is gone due again, or bury them when that was the last attempt.
    """
    steps = list(menu)
    back = rows(
        TAKE_BACK,
        steps=[step.name for step in steps],
        attempts=[step.retry.attempts for step in steps],
        limit=AT_ONCE,
        gone=GONE,
        gone_sending=GONE_SENDING,
    )
    for step, order_id, attempts, state in back:
        event = LOST_AS.get(state, "step.lease_lost")
        journal.record(event, step=step, order_id=order_id, attempt=attempts, because="its worker is gone")
        crash_point(Point.TAKEN_BACK, step)
    return len(back)
