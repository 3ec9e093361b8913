"""
The menu: what happens after a guest has paid, one block per step.

To add a step, add a block, and the function it calls. docs/adding-a-step.md walks through it. What follows from a refund
is on the second page, payments/refund_tasks.py.
"""

from collections.abc import Sequence

from django.conf import settings

import analytics.sales
import inventory.consumption
import loyalty.points
import notifications.receipts
import notifications.staff
import pos.tickets
from payments import inbox
from pipeline import dispatcher
from pipeline.declaring import dispatcher_task, post_payment_step
from pipeline.queues import Queue
from pipeline.rate_limits import RateLimit
from pipeline.retries import RetryPolicy
from pipeline.steps import Effect, Parcel, Report, WhenWithdrawn

# What the other side can stand, counted over all workers.
MAIL = RateLimit(name="mail", per_second=settings.EMAIL_LETTERS_PER_SECOND)
TILL = RateLimit(name="till", per_second=settings.POS_ORDERS_PER_SECOND)


@post_payment_step(
    queue=Queue.EMAILS,
    priority=8,
    retry=RetryPolicy(times=3, delay_seconds=60),
    effect=Effect.OUTSIDE,
    rate_limit=MAIL,
    when_withdrawn=WhenWithdrawn.GOES_ON,  # the guest did pay
    on_request=notifications.receipts.send_copy,
)
def send_order_confirmation_email_task(order_ids: Sequence[int]) -> dict[int, Parcel]:
    """E-mail the guest the receipt."""
    return notifications.receipts.letters(order_ids=order_ids)


@post_payment_step(
    queue=Queue.EMAILS,
    priority=9,
    retry=RetryPolicy(times=3, delay_seconds=30),
    effect=Effect.OUTSIDE,
    rate_limit=MAIL,
)
def send_staff_notification_task(order_ids: Sequence[int]) -> dict[int, Parcel]:
    """Tell the staff what to cook, and for when."""
    return notifications.staff.letters(order_ids=order_ids)


@post_payment_step(
    queue=Queue.POS_SYNC,
    priority=7,
    retry=RetryPolicy(times=5, delay_seconds=120),
    effect=Effect.OUTSIDE,
    rate_limit=TILL,
    looks_up=True,
)
def sync_order_to_pos_task(order_ids: Sequence[int]) -> dict[int, Parcel]:
    """Ring the order up at the till."""
    return pos.tickets.tickets(order_ids=order_ids)


@post_payment_step(
    queue=Queue.ANALYTICS,
    priority=3,
    retry=RetryPolicy(times=2, delay_seconds=30),
    effect=Effect.DATABASE,
    when_withdrawn=WhenWithdrawn.GOES_ON,  # a sale, and then a refund: the books tell both
)
def record_payment_analytics_task(order_ids: Sequence[int]) -> dict[int, Report]:
    """Count the sale."""
    return analytics.sales.record(order_ids=order_ids)


@post_payment_step(
    queue=Queue.LOYALTY,
    retry=RetryPolicy(times=3, delay_seconds=60),
    effect=Effect.DATABASE,
    when_withdrawn=WhenWithdrawn.RESUMED,  # a refund that fails leaves the guest the points
)
def process_loyalty_rewards_task(order_ids: Sequence[int]) -> dict[int, Report]:
    """Credit the guest with points."""
    return loyalty.points.award(order_ids=order_ids)


@post_payment_step(
    queue=Queue.INVENTORY,
    retry=RetryPolicy(times=3, delay_seconds=45),
    effect=Effect.DATABASE,
)
def update_inventory_levels_task(order_ids: Sequence[int]) -> dict[int, Report]:
    """Take what was cooked out of the stock."""
    return inventory.consumption.deduct(order_ids=order_ids)


@dispatcher_task
def run_post_payment_hooks_task(hurry: bool) -> int:  # noqa: FBT001 - what a message says
    """Send what is due to the workers; without a hurry, also book payments whose order has turned up."""
    sent = dispatcher.dispatch(take_back=not hurry)
    if not hurry:
        inbox.retry_unmatched()
    return sent
