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

from pipeline import journal, lost_leases, restored
from pipeline.connections import with_a_usable_connection
from pipeline.crash_points import Point, crash_point
from pipeline.queues import Queue
from pipeline.restored import Whereabouts
from pipeline.routing import lane_of
from pipeline.statements import execute, prepared
from pipeline.steps import Effect, Step, menu

SENT_AGAIN_AFTER_SECONDS = 40
DOUBLINGS = 6  # 40 s, 80 s, … and at most about 45 minutes
PUBLISH_AT_ONCE = 500
BACK_OFF_SECONDS = 2
WAITS_SECONDS, HELD_SECONDS = 0.05, 0.5
LEFT_OVER_AT_MOST = 100

# All lanes in one round trip. Per lane what there is room for, oldest first. By ctid, because a self-join that was planned
# while the table was empty can later take seconds; by statement_timestamp(), because an index cannot look for a clock that
# moves on. Whoever loses this commit (PostgreSQL dies) finds the rows still due: it need not wait for the disk.
#
# A message that has waited for a twentieth of a second and was not taken yet holds back others of its step for a moment, and a
# database step's those of every step, unless they fill a message: so where workers cannot keep up messages grow instead of
# queueing, the less urgent steps get their turn, and where workers do keep up nobody waits.
TAKE = """
WITH open AS (
    SELECT wanted.lane, wanted.most - (
               SELECT count(*) FROM (
                   SELECT FROM pipeline_steprun
                    WHERE lane = wanted.lane AND due_at > statement_timestamp() AND state = 'sent'
                    LIMIT wanted.most) AS underway) AS room
      FROM unnest(%(lanes)s::text[], %(most)s::int[]) AS wanted(lane, most),
           set_config('synchronous_commit', 'off', true) AS quickly
     WHERE NOT EXISTS (SELECT FROM pipeline_lanepause pause WHERE pause.lane = wanted.lane)),
steps AS (
    SELECT * FROM unnest(%(steps)s::text[], %(together)s::int[], %(inside)s::bool[]) AS steps(step, together, inside)),
untaken AS (
    SELECT DISTINCT step, inside AS holds_all
      FROM open JOIN pipeline_steprun USING (lane) JOIN steps USING (step)
     WHERE due_at > statement_timestamp() + make_interval(secs => %(again)s::float - %(held)s::float)
       AND due_at < statement_timestamp() + make_interval(secs => %(again)s::float - %(waits)s::float)
       AND state = 'sent' AND sends = 1 AND NOT alone),
due AS (
    SELECT found.* FROM open CROSS JOIN LATERAL (
        SELECT ctid AS place, step, alone, due_at FROM pipeline_steprun
         WHERE lane = open.lane AND due_at <= statement_timestamp()
           AND state IN ('promised', 'sent', 'waiting') AND step = ANY(%(steps)s::text[])
         ORDER BY due_at LIMIT greatest(open.room, 0) FOR UPDATE SKIP LOCKED) AS found),
counted AS (
    SELECT place, step, alone, row_number() OVER (PARTITION BY step, alone ORDER BY due_at) AS nth,
           count(*) OVER (PARTITION BY step, alone) AS waiting
      FROM due),
ready AS (
    SELECT place FROM counted JOIN steps USING (step)
     WHERE alone OR nth <= waiting / together * together
        OR NOT EXISTS (SELECT FROM untaken WHERE untaken.step = counted.step OR holds_all))
UPDATE pipeline_steprun
   SET state = 'sent', sends = sends + 1,
       due_at = clock_timestamp() + make_interval(secs => %(again)s::float * power(2, least(sends, %(doublings)s::int)))
 WHERE ctid = ANY(ARRAY(SELECT place FROM ready))
RETURNING id, step, subject_id, order_id, alone, sends, attempts
"""

SENT_AGAIN = """
INSERT INTO pipeline_stepevent (step_run_id, order_id, attempt, what, because, by)
SELECT id, order_id, attempts, 'sent_again', 'nobody took the message in time', ''
  FROM pipeline_steprun WHERE id = ANY(%(runs)s)
"""

NOT_PUBLISHED = """
UPDATE pipeline_steprun
   SET state = 'promised', sends = sends - 1, due_at = clock_timestamp() + make_interval(secs => %(wait)s)
 WHERE id = ANY(%(runs)s) AND state = 'sent'
"""


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
    attempts: int


@with_a_usable_connection
def dispatch(*, take_back: bool = True) -> int:
    """
    Send what is due, and before that `take_back` what died with its worker; returns how many step runs were sent.
    """
    crash_point(Point.DISPATCH_BEGINS)
    if not _may_dispatch():
        return 0
    if take_back:
        lost_leases.take_back()
    taken = _take()
    _note_what_was_sent_again(taken)
    return _publish(taken)


def _may_dispatch() -> bool:
    where = restored.whereabouts()
    if where is Whereabouts.ELSEWHERE:
        journal.record("dispatch.held", because=f"This database was restored or copied. {restored.REMEDY}")
    if where is Whereabouts.NEW:
        restored.settle_here()
    return where is not Whereabouts.ELSEWHERE


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
        for start in range(0, len(company), step.together):
            yield step, company[start : start + step.together]


def _lanes() -> dict[str, int]:
    """
    Each lane with the number of rows that may be under way on it.

    All lanes are looked at, also those to which no step is routed any more: rows of yesterday may still wait there.
    """
    lanes = Counter[str]()
    for step in menu:
        lanes[lane_of(step)] += step.underway_at_most
    return {queue.value: lanes[queue.value] or LEFT_OVER_AT_MOST for queue in Queue}


def _take() -> list[Taken]:
    """
    Take due rows of every lane that is not paused, up to what may be under way on it.
    """
    lanes, steps = _lanes(), list(menu)
    again = SENT_AGAIN_AFTER_SECONDS * settings.RETRY_TIME_SCALE
    taken = prepared(
        TAKE,
        lanes=list(lanes),
        most=list(lanes.values()),
        steps=[step.name for step in steps],
        together=[step.together for step in steps],
        inside=[step.effect is Effect.DATABASE for step in steps],
        again=again,
        waits=WAITS_SECONDS,
        held=min(HELD_SECONDS, again / 2),
        doublings=DOUBLINGS,
    )
    names = ("run", "step", "subject", "order", "alone", "sends", "attempts")
    return [Taken(**dict(zip(names, row, strict=True))) for row in taken]


def _note_what_was_sent_again(taken: Sequence[Taken]) -> None:
    again = [row for row in taken if row.sends > 1]
    if again:
        execute(SENT_AGAIN, runs=[row.run for row in again])
    for step, of_one_step in itertools.groupby(sorted(again, key=_step_of), key=_step_of):
        runs = list(of_one_step)
        facts = {"order_ids": [row.order for row in runs], "attempts": [row.attempts for row in runs]}
        journal.record("step.sent_again", step=step, **facts)


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
