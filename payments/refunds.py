"""
Money goes back.
"""

from datetime import UTC, datetime

from django.db import transaction

from orders.models import PAYABLE_STATUSES, Order, OrderStatus, Payment, Refund, RefundStatus
from payments import hooks
from payments.booked import Booked
from payments.facts import RefundedSoFar, RefundTold
from payments.models import StripeEvent
from pipeline.crash_points import Point, crash_point


def book_refund(*, order_id: int, told: RefundTold, told_at: datetime) -> Booked:
    """
    Record how a refund stands and promise what follows, all or nothing; what we know already changes nothing.

    Events come in any order, so only the furthest status counts: a refund that failed has failed, whatever is told later.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update(no_key=True).get(pk=order_id)
        if (misfit := _misfit(order, told)) is not None:
            return misfit
        refund = Refund.objects.filter(stripe_id=told.refund).first()
        if refund is None:
            _begin(_record(order, told, told_at), order)
        elif not refund.move_on(RefundStatus(told.status), at=told_at):
            return Booked.KNOWN
        elif not refund.counts:
            _undo(refund, order)
    return Booked.DONE


def book_refunded_so_far(*, order_id: int, told: RefundedSoFar, told_at: datetime) -> Booked:
    """
    Record the refunds that a charge lists; where it only tells their sum, wait until each has been told by itself.
    """
    with transaction.atomic():
        booked = [book_refund(order_id=order_id, told=one, told_at=told_at) for one in told.refunds]
        if told.refunds:
            return next((one for one in LOUDEST_FIRST if one in booked), Booked.KNOWN)
        order = Order.objects.select_for_update(no_key=True).get(pk=order_id)
        if (misfit := _misfit(order, told)) is not None:
            return misfit
        known = sum(order.refunds.values_list("amount_minor", flat=True))
    return Booked.KNOWN if known >= told.amount_minor else Booked.TOO_EARLY


LOUDEST_FIRST = (Booked.IN_REVIEW, Booked.TOO_EARLY, Booked.DONE)


def _misfit(order: Order, told: RefundTold | RefundedSoFar) -> Booked | None:
    """
    What to answer where this money did not pay this order; None if it did.
    """
    if not Payment.objects.filter(order=order, payment_intent=told.payment_intent).exists():
        if order.status in PAYABLE_STATUSES and not StripeEvent.put_aside(
            order=order, payment_intent=told.payment_intent
        ):
            return Booked.TOO_EARLY
        return Booked.KNOWN  # of money that we never booked (it did not fit): there is nothing to undo
    fits = told.currency == order.currency and told.amount_minor <= order.total_minor
    return None if fits else Booked.IN_REVIEW


def _record(order: Order, told: RefundTold, told_at: datetime) -> Refund:
    failed = told.status == RefundStatus.FAILED
    return Refund.objects.create(
        order=order,
        stripe_id=told.refund,
        amount_minor=told.amount_minor,
        currency=told.currency,
        status=told.status,
        refunded_at=datetime.fromtimestamp(told.refunded_at, UTC),
        failed_at=told_at if failed else None,
    )


def _begin(refund: Refund, order: Order) -> None:
    if refund.counts:
        order.mark_refunded(minor=Refund.sum_of(order))
        crash_point(Point.REFUND_BOOKED)
        hooks.run_refund_hooks(refund, order)


def _undo(refund: Refund, order: Order) -> None:
    was_refunded = order.status == OrderStatus.REFUNDED
    order.mark_refunded(minor=Refund.sum_of(order))
    hooks.run_failed_refund_hooks(refund, order, was_refunded=was_refunded)
