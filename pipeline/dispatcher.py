"""
Turning due step runs into Celery messages, and finding what got lost.

Any number of dispatchers may run at once: each takes other rows (SKIP LOCKED). A row is marked as sent and committed
before its message is published, so a crash in between costs a delay (it is sent again) and never an order.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from celery import current_app
from django.conf import settings
from kombu import Producer

from pipeline import journal, restored
from pipeline.connections import with_a_usable_connection
from pipeline.crash_points import Point, crash_point
from pipeline.queues import Queue
from pipeline.restored import Whereabouts
from pipeline.routing import lane_of
from pipeline.statements import execute, rows
from pipeline.steps import Step, menu

SENT_AGAIN_AFTER_SECONDS = 40
DOUBLINGS = 6  # 40 s, 80 s, … and at most about 45 minutes
TAKE_BACK_AT_ONCE = 500
PUBLISH_AT_ONCE = 500
BACK_OFF_SECONDS = 2
LEFT_OVER_AT_MOST = 100

# Running, and the lease is over: the worker is gone. Its attempt was counted; what has none left is buried. From now on
# the row travels alone, so that an order which kills its worker cannot take others with it.
TAKE_BACK = """
WITH allowed AS (
    SELECT * FROM unnest(%(steps)s::text[], %(attempts)s::int[]) AS allowed(step, most)),
lost AS (
    SELECT run.id, run.attempts >= allowed.most AS spent,
           CASE WHEN run.sending_at IS NULL THEN %(gone)s ELSE %(gone_sending)s END AS because
      FROM pipeline_steprun run JOIN allowed USING (step)
     WHERE run.state = 'running' AND run.due_at <= clock_timestamp()
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

# By ctid, because a self-join that was planned while the table was empty can later take seconds.
TAKE = """
UPDATE pipeline_steprun
   SET state = 'sent', sends = sends + 1,
       due_at = clock_timestamp() + make_interval(secs => %(again)s * power(2, least(sends, %(doublings)s)))
 WHERE ctid = ANY(ARRAY(
       SELECT ctid FROM pipeline_steprun
        WHERE lane = %(lane)s AND due_at <= clock_timestamp()
          AND state IN ('promised', 'sent', 'waiting') AND step = ANY(%(steps)s)
        ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING id, step, subject_id, order_id, alone, sends
"""

SENT_AGAIN = """
INSERT INTO pipeline_stepevent (step_run_id, order_id, attempt, what, because, by)
SELECT id, order_id, attempts, 'sent_again', 'nobody took the message in time', ''
  FROM pipeline_steprun WHERE id = ANY(%(runs)s)
"""

UNDERWAY = """
SELECT count(*) FROM (
    SELECT FROM pipeline_steprun
     WHERE lane = %(lane)s AND due_at > clock_timestamp() AND state = 'sent' LIMIT %(most)s) AS underway
"""

NOT_PUBLISHED = """
UPDATE pipeline_steprun
   SET state = 'promised', sends = sends - 1, due_at = clock_timestamp() + make_interval(secs => %(wait)s)
 WHERE id = ANY(%(runs)s) AND state = 'sent'
"""

PAUSED = "SELECT lane FROM pipeline_lanepause"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """
    A row that is marked as sent and wants its message.
    """

    run: int
    step: str
    subject: int
    order: int
    alone: bool
    sends: int


@with_a_usable_connection
def dispatch() -> int:
    """
    Take back what died with its worker, then send what is due; returns how many step runs were sent.
    """
    crash_point(Point.DISPATCH_BEGINS)
    where = restored.whereabouts()
    if where is Whereabouts.ELSEWHERE:
        journal.record("dispatch.held", because=f"This database was restored or copied. {restored.REMEDY}")
        return 0
    if where is Whereabouts.NEW:
        restored.settle_here()
    take_back_lost_leases()
    taken = [row for lane, most in _open_lanes().items() for row in _take(lane, most)]
    _note_what_was_sent_again(taken)
    return _publish(taken)


def take_back_lost_leases() -> int:
    """
    Make step runs whose worker is gone due again, or bury them when that was the last attempt.
    """
    steps = list(menu)
    back = rows(
        TAKE_BACK,
        steps=[step.name for step in steps],
        attempts=[step.retry.attempts for step in steps],
        limit=TAKE_BACK_AT_ONCE,
        gone=GONE,
        gone_sending=GONE_SENDING,
    )
    for step, order_id, attempts, state in back:
        event = LOST_AS.get(state, "step.lease_lost")
        journal.record(event, step=step, order_id=order_id, attempt=attempts, because="its worker is gone")
        crash_point(Point.TAKEN_BACK, step)
    return len(back)


def messages(taken: Sequence[Taken]) -> Iterator[tuple[Step, list[Taken]]]:
    """
    How rows travel: one step per message, many orders together up to the step's cap, and the lonely ones alone.
    """
    for name, of_one_step in itertools.groupby(sorted(taken, key=_step_of), key=_step_of):
        step = menu.find(name)
        everyone = list(of_one_step)
        for row in everyone:
            if row.alone:
                yield step, [row]
        company = [row for row in everyone if not row.alone]
        together = step.together_of(len(company))
        for start in range(0, len(company), together):
            yield step, company[start : start + together]


def _open_lanes() -> dict[str, int]:
    """
    The lanes that are not paused, each with the number of rows that may be under way on it.

    All lanes are looked at, also those to which no step is routed any more: rows of yesterday may still wait there.
    """
    lanes = Counter[str]()
    for step in menu:
        lanes[lane_of(step)] += step.underway_at_most
    for queue in Queue:
        lanes[queue.value] = lanes[queue.value] or LEFT_OVER_AT_MOST
    for (paused,) in rows(PAUSED):
        lanes.pop(paused, None)
    return lanes


def _take(lane: str, most: int) -> list[Taken]:
    """
    Take due rows of the lane, up to what may be under way on it.
    """
    room = most - rows(UNDERWAY, lane=lane, most=most)[0][0]
    if room <= 0:
        return []
    taken = rows(
        TAKE,
        lane=lane,
        steps=[step.name for step in menu],
        limit=room,
        again=SENT_AGAIN_AFTER_SECONDS * settings.RETRY_TIME_SCALE,
        doublings=DOUBLINGS,
    )
    names = ("run", "step", "subject", "order", "alone", "sends")
    return [Taken(**dict(zip(names, row, strict=True))) for row in taken]


def _note_what_was_sent_again(taken: Sequence[Taken]) -> None:
    again = [row for row in taken if row.sends > 1]
    if again:
        execute(SENT_AGAIN, runs=[row.run for row in again])
    for step, of_one_step in itertools.groupby(sorted(again, key=_step_of), key=_step_of):
        journal.record("step.sent_again", step=step, order_ids=[row.order for row in of_one_step])


def _step_of(row: Taken) -> str:
    return row.step


def _publish(taken: Sequence[Taken]) -> int:
    """
    Publish in one pipelined batch; what the broker would not take is promised again.
    """
    if not taken:
        return 0
    crash_point(Point.ROWS_SENT)
    try:
        with current_app.producer_or_acquire() as producer, producer.batch(max_size=PUBLISH_AT_ONCE):
            for step, batch in messages(taken):
                _publish_one(step, [row.subject for row in batch], producer)
                crash_point(Point.PUBLISHING)
    except Exception as trouble:  # noqa: BLE001 - whatever the broker's client raises, the rows must not wait for it
        # Perhaps some did get out: a message too many does no harm.
        execute(NOT_PUBLISHED, runs=[row.run for row in taken], wait=BACK_OFF_SECONDS)
        journal.record("dispatch.not_published", step_runs=len(taken), because=type(trouble).__name__)
        return 0
    crash_point(Point.PUBLISHED)
    journal.record("dispatch.published", step_runs=len(taken))
    return len(taken)


def _publish_one(step: Step, subjects: list[int], producer: Producer) -> None:
    argument = subjects[0] if len(subjects) == 1 else subjects
    current_app.tasks[step.name].apply_async(
        args=(argument,), producer=producer, ignore_result=True, retry=False
    )
