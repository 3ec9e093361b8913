"""
A database that was restored from a backup, or copied, must not send the letters of last night again.

PostgreSQL gives a restored table a new number (oid). The first dispatcher notes the number of ours in the database
itself; where note and table differ, the note has travelled with the data into another place. Then nothing is dispatched
and no worker starts until somebody has said what is to become of the open promises: `manage.py after_restore`.

A copy of the files (a snapshot of the disk, a physical backup) keeps its numbers and cannot be told apart like this.
"""

from dataclasses import dataclass
from enum import Enum

from django.db import transaction

from pipeline import journal
from pipeline.statements import execute, rows
from pipeline.steps import Effect, menu

REMEDY = (
    "Run `python manage.py after_restore`: it keeps what may have been sent already from being sent again."
)

HERE = """
SELECT (SELECT oid FROM pg_database WHERE datname = current_database())::bigint, 'pipeline_steprun'::regclass::oid::bigint
"""
NOTED = "SELECT database_oid, table_oid FROM pipeline_databasemark WHERE id = 1"
NOTE = """
INSERT INTO pipeline_databasemark (id, database_oid, table_oid) VALUES (1, %(database)s, %(table)s)
ON CONFLICT (id) DO UPDATE SET database_oid = excluded.database_oid, table_oid = excluded.table_oid
"""

# Where the other side can be asked what became of it, the next attempt will: the outcome is unknown.
MARK_UNKNOWN = """
UPDATE pipeline_steprun
   SET state = 'promised', lease_token = NULL, sends = 0, due_at = clock_timestamp(),
       sending_at = coalesce(sending_at, clock_timestamp())
 WHERE due_at IS NOT NULL AND step = ANY(%(steps)s)
"""
# Where it cannot be asked, a person decides.
BURY = """
WITH held AS (
    UPDATE pipeline_steprun
       SET state = 'buried', due_at = NULL, lease_token = NULL, because = %(because)s, finished_at = clock_timestamp()
     WHERE due_at IS NOT NULL AND step = ANY(%(steps)s)
    RETURNING id, order_id, attempts)
INSERT INTO pipeline_stepevent (step_run_id, order_id, attempt, what, because, by)
SELECT id, order_id, attempts, 'buried', %(because)s, %(by)s FROM held
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
    noted = rows(NOTED)
    if not noted:
        return Whereabouts.NEW
    return Whereabouts.HERE if noted == rows(HERE) else Whereabouts.ELSEWHERE


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
    outside = [step for step in menu if step.effect is Effect.OUTSIDE]
    looked_up = execute(MARK_UNKNOWN, steps=[step.name for step in outside if step.looks_up])
    buried = execute(BURY, steps=[step.name for step in outside if not step.looks_up], because=BECAUSE, by=by)
    settle_here()
    journal.record("database.released", by=by, buried=buried, to_look_up=looked_up)
    return Held(buried=buried, to_look_up=looked_up)


def settle_here() -> None:
    """
    Note that these promises belong here from now on.
    """
    [(database, table)] = rows(HERE)
    execute(NOTE, database=database, table=table)
