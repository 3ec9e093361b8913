"""
Promising steps: the rows from which everything else follows.
"""

from collections.abc import Iterable

from django.db import connection

from pipeline.routing import lane_of
from pipeline.statements import execute
from pipeline.steps import Step

# One row per step; a promise that exists already stays as it is. To be part of a larger statement, too: `about` gives the
# order and the subject.
PROMISE_ABOUT = """
INSERT INTO pipeline_steprun (step, lane, subject_id, order_id, state, due_at, attempts, sends, alone, because)
SELECT step, lane, subject_id, order_id, 'promised', clock_timestamp(), 0, 0, false, ''
  FROM {about}, unnest(%(steps)s::text[], %(lanes)s::text[]) AS wanted(step, lane)
    ON CONFLICT (step, subject_id) DO NOTHING
"""
PROMISE = PROMISE_ABOUT.format(
    about="(SELECT %(subject)s::bigint, %(order)s::bigint) AS about(subject_id, order_id)"
)


class OutsideTransaction(RuntimeError):
    """
    A promise must commit together with the fact it follows from; open a transaction first.
    """


def promise(*, order_id: int, steps: Iterable[Step], subject_id: int | None = None) -> int:
    """
    Promise the steps for the order (or for its refund `subject_id`) and return how many are new.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"The steps of order {order_id} were promised outside a transaction.")
    subject = order_id if subject_id is None else subject_id
    return execute(PROMISE, subject=subject, order=order_id, **wanted(steps))


def wanted(steps: Iterable[Step]) -> dict[str, list[str]]:
    """
    The steps as PROMISE_ABOUT wants to be told them.
    """
    listed = list(steps)
    return {"steps": [step.name for step in listed], "lanes": [lane_of(step) for step in listed]}
