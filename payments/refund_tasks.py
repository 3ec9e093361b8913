"""
The second page of the menu: what happens after money went back, and after it came again because the refund failed.

Each block undoes a step of the first page (or of this one): it waits until that is at rest, and is skipped where there is
nothing to undo. docs/pipeline.md has the rules.
"""

from collections.abc import Sequence

import analytics.refunds
import inventory.returns
import loyalty.reversals
import notifications.cancellations
import notifications.refunds
import pos.cancellations
from payments import tasks
from payments.tasks import MAIL, TILL
from pipeline.declaring import post_payment_step
from pipeline.queues import Queue
from pipeline.retries import RetryPolicy
from pipeline.steps import Effect, Parcel, Report, Subject

LETTER = RetryPolicy(times=3, delay_seconds=60)


@post_payment_step(
    subject=Subject.REFUND,
    queue=Queue.EMAILS,
    priority=8,
    retry=LETTER,
    effect=Effect.OUTSIDE,
    rate_limit=MAIL,
)
def send_refund_notice_task(refund_ids: Sequence[int]) -> dict[int, Parcel]:
    """E-mail the guest that money is on its way back."""
    return notifications.refunds.notices(refund_ids=refund_ids)


@post_payment_step(
    subject=Subject.REFUND,
    reverses=tasks.send_staff_notification_task,
    queue=Queue.EMAILS,
    priority=9,
    retry=RetryPolicy(times=3, delay_seconds=30),
    effect=Effect.OUTSIDE,
    rate_limit=MAIL,
)
def send_staff_cancellation_task(refund_ids: Sequence[int]) -> dict[int, Parcel]:
    """Tell the staff not to cook what was wholly refunded."""
    return notifications.cancellations.letters(refund_ids=refund_ids)


@post_payment_step(
    subject=Subject.REFUND,
    reverses=tasks.sync_order_to_pos_task,
    queue=Queue.POS_SYNC,
    priority=7,
    retry=RetryPolicy(times=5, delay_seconds=120),
    effect=Effect.OUTSIDE,
    rate_limit=TILL,
    looks_up=True,
)
def cancel_order_at_pos_task(refund_ids: Sequence[int]) -> dict[int, Parcel]:
    """Cancel at the till what was wholly refunded, where it is still open."""
    return pos.cancellations.cancellations(refund_ids=refund_ids)


@post_payment_step(
    subject=Subject.REFUND,
    reverses=tasks.record_payment_analytics_task,
    queue=Queue.ANALYTICS,
    priority=3,
    retry=RetryPolicy(times=2, delay_seconds=30),
    effect=Effect.DATABASE,
)
def record_refund_analytics_task(refund_ids: Sequence[int]) -> dict[int, Report]:
    """Take the refund off the sales of its day."""
    return analytics.refunds.record(refund_ids=refund_ids)


@post_payment_step(
    subject=Subject.REFUND,
    reverses=tasks.process_loyalty_rewards_task,
    queue=Queue.LOYALTY,
    retry=RetryPolicy(times=3, delay_seconds=60),
    effect=Effect.DATABASE,
)
def reverse_loyalty_points_task(refund_ids: Sequence[int]) -> dict[int, Report]:
    """Take back the points of what was refunded."""
    return loyalty.reversals.reverse(refund_ids=refund_ids)


@post_payment_step(
    subject=Subject.REFUND,
    reverses=tasks.update_inventory_levels_task,
    queue=Queue.INVENTORY,
    retry=RetryPolicy(times=3, delay_seconds=45),
    effect=Effect.DATABASE,
)
def return_stock_task(refund_ids: Sequence[int]) -> dict[int, Report]:
    """Put back into the stock what can be sold again."""
    return inventory.returns.put_back(refund_ids=refund_ids)


@post_payment_step(
    subject=Subject.FAILED_REFUND,
    reverses=send_refund_notice_task,
    queue=Queue.EMAILS,
    priority=8,
    retry=LETTER,
    effect=Effect.OUTSIDE,
    rate_limit=MAIL,
)
def send_refund_failed_notice_task(refund_ids: Sequence[int]) -> dict[int, Parcel]:
    """E-mail the guest that the refund did not work."""
    return notifications.refunds.failure_notices(refund_ids=refund_ids)


@post_payment_step(
    subject=Subject.FAILED_REFUND,
    reverses=record_refund_analytics_task,
    queue=Queue.ANALYTICS,
    priority=3,
    retry=RetryPolicy(times=2, delay_seconds=30),
    effect=Effect.DATABASE,
)
def undo_refund_analytics_task(refund_ids: Sequence[int]) -> dict[int, Report]:
    """Add the refund that failed back to the sales."""
    return analytics.refunds.undo(refund_ids=refund_ids)


@post_payment_step(
    subject=Subject.FAILED_REFUND,
    reverses=reverse_loyalty_points_task,
    queue=Queue.LOYALTY,
    retry=RetryPolicy(times=3, delay_seconds=60),
    effect=Effect.DATABASE,
)
def give_points_again_task(refund_ids: Sequence[int]) -> dict[int, Report]:
    """Give back the points that were taken for a refund that failed."""
    return loyalty.reversals.undo(refund_ids=refund_ids)


@post_payment_step(
    subject=Subject.FAILED_REFUND,
    reverses=return_stock_task,
    queue=Queue.INVENTORY,
    retry=RetryPolicy(times=3, delay_seconds=45),
    effect=Effect.DATABASE,
)
def take_stock_again_task(refund_ids: Sequence[int]) -> dict[int, Report]:
    """Take out of the stock again what a failed refund had put back."""
    return inventory.returns.undo(refund_ids=refund_ids)
