"""
Promising steps: the rows from which everything else follows.
"""

from collections.abc import Iterable

from django.db import connection

from pipeline.routing import lane_of
from pipeline.statements import execute
from pipeline.steps import Step

# One row per step; a promise that exists already stays as it is.
PROMISE = """
INSERT INTO pipeline_steprun (step, lane, subject_id, order_id, state, due_at, attempts, sends, alone, because)
SELECT step, lane, %(subject)s, %(order)s, 'promised', clock_timestamp(), 0, 0, false, ''
  FROM unnest(%(steps)s::text[], %(lanes)s::text[]) AS wanted(step, lane)
    ON CONFLICT (step, subject_id) DO NOTHING
"""


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
    wanted = list(steps)
    return execute(
        PROMISE,
        subject=order_id if subject_id is None else subject_id,
        order=order_id,
        steps=[step.name for step in wanted],
        lanes=[lane_of(step) for step in wanted],
    )
