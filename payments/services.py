"""
Money meets order.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from orders.models import Order, OrderStatus, Payment
from payments.booked import Booked
from payments.hooks import run_post_payment_hooks
from pipeline.crash_points import Point, crash_point


@dataclass(frozen=True, kw_only=True)
class PaymentSucceeded:
    """
    A payment as its provider confirmed it. `currency` in ISO 4217, upper case.
    """

    payment_intent: str
    amount_minor: int
    currency: str
    livemode: bool
    happened_at: datetime
    asked_minor: int = 0  # what was to be paid, where that is known: a capture may have taken less


def mark_order_as_paid(*, order_id: int, payment: PaymentSucceeded) -> Booked:
    """
    Record the payment and promise what follows, all or nothing; the same payment again changes nothing.

    Money that does not fit (amount, currency, live or test, an order that wants none) puts the order in review, and of
    which only a part was captured, aside as partly paid: it is kept, shown, and nothing follows from it by itself.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update(no_key=True).get(pk=order_id)
        if order.is_paid:
            return _again(order, payment)
        if misfit := _misfit(order, payment):
            put_aside = order.mark_partly_paid if _is_a_part(order, payment) else order.mark_in_review
            put_aside(reason=misfit)
            return Booked.IN_REVIEW
        if not order.mark_paid(paid_at=payment.happened_at):
            return Booked.IN_REVIEW
        _record(order, payment)
        crash_point(Point.ORDER_PAID)
        run_post_payment_hooks(order)
    return Booked.DONE


def _again(order: Order, payment: PaymentSucceeded) -> Booked:
    same = Payment.objects.filter(order=order, payment_intent=payment.payment_intent).exists()
    return Booked.KNOWN if same else Booked.IN_REVIEW


def _misfit(order: Order, payment: PaymentSucceeded) -> str:
    """
    Why this money does not pay this order, '' if it does.
    """
    if order.status != OrderStatus.PENDING_PAYMENT:
        return f"money came for an order that is {order.get_status_display()}"
    if payment.currency != order.currency:
        return f"paid in {payment.currency}, ordered in {order.currency}"
    if Payment.objects.filter(payment_intent=payment.payment_intent).exists():
        return "the same payment has paid another order"
    if payment.livemode != settings.STRIPE_LIVEMODE:
        return (
            "a test payment on a live system"
            if settings.STRIPE_LIVEMODE
            else "a live payment on a test system"
        )
    if payment.amount_minor != order.total_minor:
        word = "captured" if _is_a_part(order, payment) else "paid"
        return f"{word} {payment.amount_minor}, ordered for {order.total_minor} (minor units)"
    return ""


def _is_a_part(order: Order, payment: PaymentSucceeded) -> bool:
    """
    Was the whole order authorised, and less captured? A capture is final: what is missing never comes by this payment.
    """
    fits = payment.currency == order.currency and payment.livemode == settings.STRIPE_LIVEMODE
    return fits and payment.asked_minor == order.total_minor and 0 < payment.amount_minor < order.total_minor


def _record(order: Order, payment: PaymentSucceeded) -> None:
    Payment.objects.create(
        order=order,
        payment_intent=payment.payment_intent,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        livemode=payment.livemode,
        paid_at=payment.happened_at,
    )
