"""
Which order a fact of Stripe's is about.
"""

import uuid

from django.db.models import Q

from orders.models import Order
from payments.meanings import Meaning, MoneyArrived


def order_of(told: Meaning) -> int | None:
    """
    The order by our own reference, or else by the ids that Stripe gave its payment or checkout; None if we know none.
    """
    reference = _as_uuid(told.order_reference)
    if reference is not None:
        named = Order.objects.filter(public_id=reference).values_list("pk", flat=True).first()
        if named is not None:
            return named
    by_ids = Q(payment_intent=told.payment_intent)
    if not isinstance(told, MoneyArrived):  # money may go back of an order that began its checkout elsewhere
        by_ids |= Q(payment__payment_intent=told.payment_intent)
    elif told.checkout_session:
        by_ids |= Q(checkout_session=told.checkout_session)
    return Order.objects.filter(by_ids).order_by("pk").values_list("pk", flat=True).first()


def _as_uuid(reference: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(reference)
    except ValueError:
        return None
