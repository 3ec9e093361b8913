"""
What follows from a payment, from a refund, and from a refund that failed.
"""

from datetime import datetime

from django.db import transaction

from orders.models import Order, OrderStatus, Refund
from pipeline.nudge import nudge
from pipeline.promises import promise
from pipeline.restored import hold_what_may_have_been_done
from pipeline.steps import Subject, menu
from pipeline.withdrawals import reinstate, withdraw


def run_post_payment_hooks(order: Order) -> int:
    """
    Promise every step of the menu for a paid order, in the caller's transaction; returns how many are new.

    The workers hear of it after the commit, from another thread: a broker that is down costs the caller nothing.
    """
    promised = promise(order_id=order.pk, steps=menu.about(Subject.ORDER))
    _let_the_workers_know(order, happened_at=order.paid_at)
    return promised


def run_refund_hooks(refund: Refund, order: Order) -> None:
    """
    Promise what undoes the order's steps for this money; what has not begun of a wholly refunded order is skipped.
    """
    promise(order_id=order.pk, subject_id=refund.pk, steps=menu.about(Subject.REFUND))
    if order.status == OrderStatus.REFUNDED:
        withdraw(subject_id=order.pk, steps=menu.about(Subject.ORDER), because="the order was refunded")
    _let_the_workers_know(order, happened_at=refund.refunded_at)


def run_failed_refund_hooks(refund: Refund, order: Order, *, was_refunded: bool) -> None:
    """
    Promise what undoes the undoing: the money is ours again.
    """
    withdraw(subject_id=refund.pk, steps=menu.about(Subject.REFUND), because="the refund failed")
    promise(order_id=order.pk, subject_id=refund.pk, steps=menu.about(Subject.FAILED_REFUND))
    if was_refunded and order.status != OrderStatus.REFUNDED:
        reinstate(subject_id=order.pk, steps=menu.about(Subject.ORDER), because="the refund failed")
    _let_the_workers_know(order, happened_at=refund.failed_at)


def _let_the_workers_know(order: Order, *, happened_at: datetime | None) -> None:
    if happened_at is not None:
        hold_what_may_have_been_done(order_id=order.pk, happened_at=happened_at)
    transaction.on_commit(nudge)
