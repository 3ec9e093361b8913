"""
A database that was restored from a backup, or copied, must not send the letters of last night again.

Each installation of PostgreSQL has an identifier, and a restored table gets a new number (oid). The first dispatcher notes
both in the database itself; where note and table differ, the note has travelled with the data into another place. Then nothing is dispatched
and no worker starts until somebody has said what is to become of the open promises: `manage.py after_restore`.

A copy of the files (a snapshot of the disk, a physical backup) keeps its numbers and cannot be told apart like this.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache

from django.db import connection, transaction

from pipeline import journal
from pipeline.statements import execute, prepared, rows
from pipeline.steps import Effect, menu

REMEDY = (
    "Run `python manage.py after_restore`: it keeps what may have been sent already from being sent again."
)

HERE = """
SELECT ARRAY[{cluster}, (SELECT oid FROM pg_database WHERE datname = current_database())::bigint,
             'pipeline_steprun'::regclass::oid::bigint],
       (SELECT ARRAY[cluster, database_oid, table_oid] FROM pipeline_databasemark WHERE id = 1)
"""
CLUSTER = "(SELECT system_identifier FROM pg_control_system())"
UNKNOWN_CLUSTER = "0::bigint"
MAY_ASK = "SELECT has_function_privilege('pg_control_system()', 'execute')"
NOTE = """
INSERT INTO pipeline_databasemark (id, cluster, database_oid, table_oid, released_at)
VALUES (1, %(cluster)s, %(database)s, %(table)s, CASE WHEN %(released)s THEN clock_timestamp() END)
ON CONFLICT (id) DO UPDATE
   SET cluster = excluded.cluster, database_oid = excluded.database_oid, table_oid = excluded.table_oid,
       released_at = coalesce(excluded.released_at, pipeline_databasemark.released_at)
"""

# What follows from a payment before the release may have been done already, in the time that the backup does not know.
# Where the other side can be asked what became of it, the next attempt will: the outcome is unknown. Where it cannot be
# asked, a person decides. Without a release, all this touches no row.
HOLD = """
WITH open AS (
    SELECT id, step = ANY(%(looked_up)s) AS can_be_asked FROM pipeline_steprun
     WHERE due_at IS NOT NULL AND step = ANY(%(outside)s) AND (%(order)s::bigint IS NULL OR order_id = %(order)s)
       AND EXISTS (SELECT FROM pipeline_databasemark WHERE released_at > %(happened_at)s)
     ORDER BY id FOR UPDATE),
asked AS (
    UPDATE pipeline_steprun run
       SET state = CASE WHEN withdrawn THEN 'skipped' ELSE 'promised' END, lease_token = NULL, sends = 0,
           due_at = CASE WHEN NOT withdrawn THEN clock_timestamp() END,
           finished_at = CASE WHEN withdrawn THEN clock_timestamp() END,
           sending_at = coalesce(sending_at, clock_timestamp())
      FROM open WHERE run.id = open.id AND open.can_be_asked
    RETURNING run.id),
held AS (
    UPDATE pipeline_steprun run
       SET state = 'buried', due_at = NULL, lease_token = NULL, because = %(because)s, finished_at = clock_timestamp(),
           sending_at = coalesce(sending_at, clock_timestamp())
      FROM open WHERE run.id = open.id AND NOT open.can_be_asked
    RETURNING run.id, run.order_id, run.attempts),
history AS (
    INSERT INTO pipeline_stepevent (step_run_id, order_id, attempt, what, because, by)
    SELECT id, order_id, attempts, 'buried', %(because)s, %(by)s FROM held)
SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM asked)
"""
BECAUSE = "The database was restored: it may have been sent after the backup was made."


class Whereabouts(Enum):
    """
    Where the data is: in a database without a note so far, where the note says, or not there.
    """

    NEW = "new"
    HERE = "here"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, kw_only=True)
class Here:
    """
    The numbers of cluster, database and table, and those that are noted.
    """

    numbers: list[int]
    noted: list[int] | None


@dataclass(frozen=True, kw_only=True)
class Held:
    """
    How many open promises were buried, and how many will be looked up at the other side.
    """

    buried: int
    to_look_up: int


def whereabouts() -> Whereabouts:
    """
    Where this data is. Reads only.
    """
    here = _here()
    if here.noted is None:
        return Whereabouts.NEW
    return Whereabouts.HERE if here.noted == here.numbers else Whereabouts.ELSEWHERE


def is_elsewhere() -> bool:
    """
    Is it a copy that nobody has released yet?
    """
    return whereabouts() is Whereabouts.ELSEWHERE


@transaction.atomic
def release(*, by: str) -> Held:
    """
    Hold back what may have been sent since the backup, and let the rest go on from here.
    """
    settle_here(released=True)
    held = _hold(by=by)
    journal.record("database.released", by=by, buried=held.buried, to_look_up=held.to_look_up)
    return held


def hold_what_may_have_been_done(*, order_id: int, happened_at: datetime) -> None:
    """
    The same for an order that is paid only now, by an event from before the release which Stripe was asked to send again.
    """
    _hold(order_id=order_id, happened_at=happened_at.isoformat())


def settle_here(*, released: bool = False) -> None:
    """
    Note that these promises belong here from now on.
    """
    cluster, database, table = _here().numbers
    execute(NOTE, cluster=cluster, database=database, table=table, released=released)


def _here() -> Here:
    connection.ensure_connection()
    may_ask = _may_ask(connection.connection.info.backend_pid)
    [(numbers, noted)] = prepared(HERE.format(cluster=CLUSTER if may_ask else UNKNOWN_CLUSTER))
    return Here(numbers=numbers, noted=noted)


@lru_cache(maxsize=1)
def _may_ask(_line: int) -> bool:
    # A managed PostgreSQL may keep it to itself.
    return bool(rows(MAY_ASK)[0][0])


def _hold(*, by: str = "", order_id: int | None = None, happened_at: str = "-infinity") -> Held:
    outside = [step for step in menu if step.effect is Effect.OUTSIDE]
    [(buried, to_look_up)] = rows(
        HOLD,
        outside=[step.name for step in outside],
        looked_up=[step.name for step in outside if step.looks_up],
        order=order_id,
        happened_at=happened_at,
        because=BECAUSE,
        by=by,
    )
    return Held(buried=buried, to_look_up=to_look_up)
