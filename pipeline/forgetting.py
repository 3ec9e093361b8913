"""
Forgetting the step runs of orders that were done long ago, with their history.

An order is forgotten as a whole or not at all: every step of it, and of its refunds, must be done for long enough. What is
open, buried, discarded or skipped keeps its order's story for ever. The oldest rows have the lowest ids, so a walk from
there ends at the first batch of young ones, and nobody pays for an index on the time.
"""

import time
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from pipeline.statements import execute, rows

# Of these orders and of their refunds, in the words of the indexes (see StepRun.of_orders).
OF_ORDERS = """
(subject_id = ANY(%(orders)s) AND order_id = subject_id OR order_id = ANY(%(orders)s) AND order_id <> subject_id)
"""

RUNS_AT_ONCE = 3_000  # about 500 orders: a transaction of well under a second

CUTOFF = "SELECT clock_timestamp() - make_interval(days => %(days)s)"

NEXT = """
WITH next AS (
    SELECT id, order_id, promised_at FROM pipeline_steprun WHERE id > %(after)s ORDER BY id LIMIT %(most)s)
SELECT max(id), array_agg(DISTINCT order_id) FILTER (WHERE promised_at < %(cutoff)s) FROM next
"""

# An order whose rows lie in two batches counts with the first.
WHOLLY_DONE = f"""
SELECT order_id FROM pipeline_steprun WHERE {OF_ORDERS}
 GROUP BY order_id HAVING bool_and(state = 'done' AND finished_at < %(cutoff)s) AND min(id) > %(after)s
"""  # noqa: S608 - only our own words

# What is done never changes again, so nothing has to be locked before. A refund that comes just now finds its originals
# either here or forgotten, which is the same to it (pipeline/reversals.py).
FORGET = f"""
WITH gone AS (
    DELETE FROM pipeline_steprun
     WHERE {OF_ORDERS} AND state = 'done' AND finished_at < %(cutoff)s
    RETURNING id, step, subject_id),
noted AS (
    INSERT INTO pipeline_forgottenruns AS noted (step, first_subject, last_subject, runs)
    SELECT step, min(subject_id), max(subject_id), count(*) FROM gone GROUP BY step
        ON CONFLICT (step) DO UPDATE
       SET first_subject = least(noted.first_subject, excluded.first_subject),
           last_subject = greatest(noted.last_subject, excluded.last_subject), runs = noted.runs + excluded.runs)
SELECT id FROM gone
"""  # noqa: S608 - only our own words
# A statement of its own: the database lets lines go only when it sees that their run is gone.
FORGET_HISTORY = "DELETE FROM pipeline_stepevent WHERE step_run_id = ANY(%(runs)s)"
COUNT = f"SELECT count(*) FROM pipeline_steprun WHERE {OF_ORDERS}"  # noqa: S608 - only our own words
COUNT_HISTORY = "SELECT count(*) FROM pipeline_stepevent WHERE order_id = ANY(%(orders)s)"

# Two that forget the same rows in another order could wait for each other.
MY_TURN = "SELECT pg_try_advisory_xact_lock(hashtext('pipeline.forgetting'))"


@dataclass(kw_only=True)
class Forgotten:
    """
    How much was forgotten (or, in a dry run, would be). `complete`: nothing old was left for want of time.
    """

    orders: int = 0
    step_runs: int = 0
    history_lines: int = 0
    complete: bool = True


@dataclass(frozen=True, kw_only=True)
class _Batch:
    last_id: int
    orders: list[int]
    cutoff: datetime


def forget(
    *, older_than_days: int, until: float, dry_run: bool = False, runs_at_once: int = RUNS_AT_ONCE
) -> Forgotten:
    """
    Forget, in short transactions, until everything old is looked at, somebody else is at it, or the monotonic clock says
    `until`.
    """
    [(cutoff,)] = rows(CUTOFF, days=older_than_days)
    found, after = Forgotten(), 0
    while batch := _next(after, cutoff, runs_at_once):
        if time.monotonic() > until or not _forget(batch, found, dry_run=dry_run):
            found.complete = False
            break
        after = batch.last_id
    return found


def _next(after: int, cutoff: datetime, runs_at_once: int) -> _Batch | None:
    """
    The next rows by id, and which of their orders are wholly done; None where all that is left is young.
    """
    [(last_id, old)] = rows(NEXT, after=after, most=runs_at_once, cutoff=cutoff)
    if not old:
        return None
    done = [order_id for (order_id,) in rows(WHOLLY_DONE, orders=old, cutoff=cutoff, after=after)]
    return _Batch(last_id=last_id, orders=sorted(done), cutoff=cutoff)


def _forget(batch: _Batch, found: Forgotten, *, dry_run: bool) -> bool:
    """
    One batch, in one transaction; False where somebody else is forgetting just now.
    """
    if dry_run:
        runs, lines = _counted(batch)
    else:
        with transaction.atomic():
            [(my_turn,)] = rows(MY_TURN)
            if not my_turn:
                return False
            gone = [run for (run,) in rows(FORGET, orders=batch.orders, cutoff=batch.cutoff)]
            runs, lines = len(gone), execute(FORGET_HISTORY, runs=gone)
    found.orders += len(batch.orders)
    found.step_runs += runs
    found.history_lines += lines
    return True


def _counted(batch: _Batch) -> tuple[int, int]:
    return rows(COUNT, orders=batch.orders)[0][0], rows(COUNT_HISTORY, orders=batch.orders)[0][0]
