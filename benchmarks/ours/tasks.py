"""
The menu of workload W: one block per effect, on the lanes on which the product has its likes.
"""

from collections.abc import Callable, Sequence

from benchmarks.workload import in_sets
from pipeline.declaring import post_payment_step
from pipeline.queues import Queue
from pipeline.retries import RetryPolicy
from pipeline.steps import Effect, Report

RETRY = RetryPolicy(times=3, delay_seconds=60)


@post_payment_step(queue=Queue.EMAILS, priority=8, retry=RETRY, effect=Effect.DATABASE)
def write_receipts_task(order_ids: Sequence[int]) -> dict[int, Report]:
    """Render the receipts and keep them."""
    return _done(in_sets.write_receipts, order_ids)


@post_payment_step(queue=Queue.EMAILS, priority=9, retry=RETRY, effect=Effect.DATABASE)
def tell_staff_task(order_ids: Sequence[int]) -> dict[int, Report]:
    """Write the kitchen its notes."""
    return _done(in_sets.tell_staff, order_ids)


@post_payment_step(queue=Queue.POS_SYNC, priority=7, retry=RETRY, effect=Effect.DATABASE)
def ring_up_task(order_ids: Sequence[int]) -> dict[int, Report]:
    """Write down what the till would be told."""
    return _done(in_sets.ring_up, order_ids)


@post_payment_step(queue=Queue.ANALYTICS, priority=3, retry=RETRY, effect=Effect.DATABASE)
def count_sales_task(order_ids: Sequence[int]) -> dict[int, Report]:
    """Add the sales to their hours."""
    return _done(in_sets.count_sales, order_ids)


@post_payment_step(queue=Queue.LOYALTY, retry=RETRY, effect=Effect.DATABASE)
def award_points_task(order_ids: Sequence[int]) -> dict[int, Report]:
    """Credit the members' points."""
    return _done(in_sets.award_points, order_ids)


@post_payment_step(queue=Queue.INVENTORY, retry=RETRY, effect=Effect.DATABASE)
def take_stock_task(order_ids: Sequence[int]) -> dict[int, Report]:
    """Take the portions out of the stock."""
    return _done(in_sets.take_stock, order_ids)


def _done(effect: Callable[[Sequence[int]], None], order_ids: Sequence[int]) -> dict[int, Report]:
    effect(order_ids)
    return {}
