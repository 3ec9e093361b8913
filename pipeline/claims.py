"""
The exclusive, time-limited right to carry out step runs, and how it ends.

Every statement that ends a claim is fenced: it changes only rows that still carry the claim's own token, so a worker
that was away for longer than its lease cannot undo what another has done meanwhile. The database's clock decides.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError
from psycopg.errors import LockNotAvailable
from psycopg.types.json import Jsonb

from pipeline.crash_points import Point, crash_point
from pipeline.models import State
from pipeline.nudge import nudge
from pipeline.routing import lane_of
from pipeline.statements import execute, prepared
from pipeline.steps import Attempt, Effect, Step

# Locks in id order, so that two claims over the same rows cannot wait for each other. By ctid, which a row that is locked
# keeps, so that the index is read once. A row that died with a worker (`alone`) does not travel in company any more. By
# hand a row may be taken before it is due.
# Outside steps need not wait for the disk here: their next commit (MARK_SENDING) does, and takes this one with it. Others
# wait, so that an order over which PostgreSQL dies has been counted.
CLAIM = """
WITH open AS (
    SELECT ctid AS place FROM pipeline_steprun, set_config('synchronous_commit', coalesce(%(commit)s, current_setting('synchronous_commit')), true)
     WHERE step = %(step)s AND subject_id = ANY(%(subjects)s)
       AND (state IN ('promised', 'sent')
            OR state = 'waiting' AND (%(by_hand)s OR due_at <= clock_timestamp()))
       AND NOT (alone AND %(in_company)s)
       AND NOT EXISTS (SELECT FROM pipeline_lanepause pause WHERE pause.lane = pipeline_steprun.lane)
     ORDER BY id FOR UPDATE SKIP LOCKED)
UPDATE pipeline_steprun
   SET state = 'running', attempts = attempts + 1, sends = 0, lease_token = %(token)s,
       due_at = clock_timestamp() + make_interval(secs => %(lease)s)
 WHERE ctid = ANY(ARRAY(SELECT place FROM open))
RETURNING subject_id, order_id, attempts, sending_at IS NOT NULL
"""

# Committed before a request leaves, so that a lost outcome is known to be lost. The lease begins anew with it; where it
# is over already (a worker that was suspended), nothing may be sent any more; nor where the lane was paused since the claim.
# By coalesce(), because `due_at >` alone lets PostgreSQL go through everything that is open, when its statistics are of an
# hour in which nothing was.
MARK_SENDING = """
UPDATE pipeline_steprun
   SET sending_at = coalesce(sending_at, clock_timestamp()),
       due_at = clock_timestamp() + make_interval(secs => %(lease)s)
 WHERE step = %(step)s AND subject_id = ANY(%(subjects)s) AND lease_token = %(token)s
   AND coalesce(due_at, '-infinity') > clock_timestamp()
   AND NOT EXISTS (SELECT FROM pipeline_lanepause pause WHERE pause.lane = pipeline_steprun.lane)
RETURNING subject_id
"""

# What needed more than one attempt leaves a line in the history when it works out at last. It also tells whether more has
# become due on the lane: the dispatcher may have held it back for as long as this message was on its way. What is due only
# since now has a nudge of its own.
#
# The reports come as one object by subject, so that all rows are found in one walk through the index.
FINISH = """
WITH done AS (
    UPDATE pipeline_steprun
       SET state = 'done', due_at = NULL, lease_token = NULL, sending_at = NULL, because = '',
           report = %(reports)s::jsonb -> subject_id::text, finished_at = clock_timestamp()
     WHERE step = %(step)s AND subject_id = ANY(%(subjects)s) AND state = 'running' AND lease_token = %(token)s
    RETURNING id, subject_id, order_id, attempts),
history AS (
    INSERT INTO pipeline_stepevent (step_run_id, order_id, attempt, what, because, by)
    SELECT id, order_id, attempts, 'recovered', '', '' FROM done WHERE attempts > 1)
SELECT coalesce((SELECT array_agg(subject_id ORDER BY subject_id) FROM done), '{}') AS ours,
       EXISTS (SELECT FROM pipeline_steprun
                WHERE lane = %(lane)s AND state IN ('promised', 'waiting')
                  AND due_at <= statement_timestamp() - interval '50 milliseconds') AS more_is_due
"""

# The end of one attempt that did not work out: `wait` in seconds, or NULL to bury. What was withdrawn meanwhile is not
# tried again.
FAIL = """
WITH failed AS (
    UPDATE pipeline_steprun
       SET state = CASE WHEN withdrawn THEN 'skipped' WHEN %(wait)s::float IS NULL THEN 'buried' ELSE 'waiting' END,
           due_at = CASE WHEN NOT withdrawn THEN clock_timestamp() + make_interval(secs => %(wait)s::float) END,
           finished_at = CASE WHEN withdrawn OR %(wait)s::float IS NULL THEN clock_timestamp() END,
           lease_token = NULL, because = %(because)s,
           sending_at = CASE WHEN %(unknown)s THEN coalesce(sending_at, clock_timestamp()) END
     WHERE step = %(step)s AND subject_id = %(subject)s AND state = 'running' AND lease_token = %(token)s
    RETURNING id, order_id, attempts, state, due_at),
history AS (
    INSERT INTO pipeline_stepevent (step_run_id, order_id, attempt, what, because, by, next_due_at)
    SELECT id, order_id, attempts, CASE state WHEN 'waiting' THEN 'failed' ELSE state END, %(because)s, '', due_at
      FROM failed)
SELECT state FROM failed
"""

# The attempt does not count. Unless the other side has heard of the order, nothing that it marked as sending did leave.
POSTPONE = """
WITH postponed AS (
    UPDATE pipeline_steprun
       SET state = CASE WHEN withdrawn THEN 'skipped' ELSE 'waiting' END,
           attempts = attempts - 1, lease_token = NULL, because = %(because)s,
           sending_at = CASE WHEN %(unknown)s THEN sending_at END,
           due_at = CASE WHEN NOT withdrawn THEN clock_timestamp() + make_interval(secs => %(wait)s) END,
           finished_at = CASE WHEN withdrawn THEN clock_timestamp() END
     WHERE step = %(step)s AND subject_id = %(subject)s AND state = 'running' AND lease_token = %(token)s
    RETURNING id, order_id, attempts, state),
history AS (
    INSERT INTO pipeline_stepevent (step_run_id, order_id, attempt, what, because, by)
    SELECT id, order_id, attempts, 'skipped', %(because)s, '' FROM postponed WHERE state = 'skipped')
SELECT state FROM postponed
"""

# Sent, but this message will not get round to it: due again, for whoever comes next.
HAND_BACK = """
UPDATE pipeline_steprun SET state = 'promised', sends = 0, due_at = clock_timestamp() + make_interval(secs => %(wait)s)
 WHERE step = %(step)s AND subject_id = ANY(%(subjects)s) AND state = 'sent'
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Claim:
    """
    The right of this worker to carry out one step for some subjects, until the lease ends.
    """

    step: Step
    token: uuid.UUID
    attempts: dict[int, Attempt]  # by subject

    @property
    def subjects(self) -> list[int]:
        return sorted(self.attempts)

    @classmethod
    def take(
        cls,
        *,
        step: Step,
        subjects: Sequence[int],
        by_hand: bool = False,
        in_company: bool | None = None,
        token: uuid.UUID | None = None,
    ) -> "Claim":
        """
        Claim those of the subjects that are open and due, and count the attempt before anything is tried.

        `in_company` says whether others travel in the same message; by default the subjects themselves tell. `token` is
        that of an earlier claim of the same message, by default a new one.
        """
        token = token or uuid.uuid4()
        asked = {
            "commit": "off" if step.effect is Effect.OUTSIDE else None,
            "step": step.name,
            "by_hand": by_hand,
            "in_company": len(subjects) > 1 if in_company is None else in_company,
            "token": token,
            "lease": step.lease_seconds,
        }
        claimed = prepared(CLAIM, subjects=list(subjects), **asked)
        if left := set(subjects) - {row[0] for row in claimed}:
            claimed += _patiently({**asked, "subjects": sorted(left)})
        crash_point(Point.CLAIMED, step.name)
        taken = {
            subject: Attempt(subject_id=subject, order_id=order, number=number, outcome_unknown=unknown)
            for subject, order, number, unknown in claimed
        }
        return cls(step=step, token=token, attempts=taken)

    def mark_sending(self) -> list[int]:
        """
        Note that requests are about to leave, and hold them for another lease; returns those that may leave.
        """
        marked = self._rows(MARK_SENDING, subjects=self.subjects, lease=self.step.lease_seconds)
        return sorted(row[0] for row in marked)

    def finish(self, reports: dict[int, dict[str, Any] | None]) -> list[int]:
        """
        Mark as done; returns the subjects that were still ours, in order.
        """
        told = {
            str(subject): _without_nul(report) for subject, report in reports.items() if report is not None
        }
        [(ours, more_is_due)] = self._rows(
            FINISH, subjects=sorted(reports), reports=Jsonb(told), lane=lane_of(self.step)
        )
        if more_is_due:
            nudge()
        return list(ours)

    def fail(self, subject: int, *, because: str, wait: float | None, unknown: bool) -> State | None:
        """
        End the attempt at one subject: try again after `wait` seconds, or bury it (None). Returns its state now, None if
        it is not ours any more.
        """
        left = self._rows(FAIL, subject=subject, because=because, wait=wait, unknown=unknown)
        return State(left[0][0]) if left else None

    def postpone(self, subject: int, *, because: str, wait: float, heard_of_it: bool = False) -> State | None:
        """
        Give a subject back for `wait` seconds without counting the attempt. Returns its state now, None if it is not ours.
        """
        unknown = heard_of_it or self.attempts[subject].outcome_unknown
        left = self._rows(POSTPONE, subject=subject, because=because, wait=wait, unknown=unknown)
        return State(left[0][0]) if left else None

    def only(self, subjects: Sequence[int]) -> "Claim":
        """
        The same claim, narrowed to some of its subjects.
        """
        return Claim(step=self.step, token=self.token, attempts={s: self.attempts[s] for s in subjects})

    def joined_by(self, other: "Claim") -> "Claim":
        """
        Both claims in one; they carry the same token.
        """
        return Claim(step=self.step, token=self.token, attempts={**self.attempts, **other.attempts})

    def _rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        return prepared(statement, step=self.step.name, token=self.token, **values)


def _patiently(asked: dict[str, object]) -> list[tuple[Any, ...]]:
    """
    Claim what others hold for a moment only: a dispatcher that came too late for a row locks it while it finds that out,
    and nobody would send the row again soon. What another worker carries out is not open, and so not waited for.
    """
    try:
        return prepared(CLAIM.replace("SKIP LOCKED", ""), **asked)
    except OperationalError as trouble:
        if not isinstance(trouble.__cause__, LockNotAvailable):
            raise
        return []  # somebody takes his time: it is sent again


def hand_back(*, step: Step, subjects: Sequence[int], wait: float = 0) -> None:
    """
    Make subjects that a message carried, but did not get round to, due again at once or after `wait` seconds.
    """
    execute(HAND_BACK, step=step.name, subjects=list(subjects), wait=wait)


def _without_nul(value: Any) -> Any:
    # An answer from outside may hold anything; PostgreSQL takes every character but this one.
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(inner) for name, inner in value.items()}
    return [_without_nul(inner) for inner in value] if isinstance(value, list) else value
