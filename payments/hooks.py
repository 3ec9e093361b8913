"""
What follows from a payment.
"""

from django.db import transaction

from orders.models import Order
from pipeline.nudge import nudge
from pipeline.promises import promise
from pipeline.restored import hold_what_may_have_been_done
from pipeline.steps import Subject, menu


def run_post_payment_hooks(order: Order) -> int:
    """
    Promise every step of the menu for a paid order, in the caller's transaction; returns how many are new.

    The workers hear of it after the commit, from another thread: a broker that is down costs the caller nothing.
    """
    promised = promise(order_id=order.pk, steps=menu.about(Subject.ORDER))
    if order.paid_at is not None:
        hold_what_may_have_been_done(order_id=order.pk, happened_at=order.paid_at)
    transaction.on_commit(nudge)
    return promised
