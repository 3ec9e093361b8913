"""
Which order a fact of Stripe's is about.
"""

import uuid

from django.db.models import Q

from orders.models import Order
from payments.facts import Meaning, MoneyArrived, MoneyFailed


def order_of(told: Meaning) -> int | None:
    """
    The order by our own reference, or else by the ids that Stripe gave its payment or checkout; None if we know none.
    """
    reference = _as_uuid(told.order_reference)
    if reference is not None:
        named = Order.objects.filter(public_id=reference).values_list("pk", flat=True).first()
        if named is not None:
            return named
    # A PaymentIntent does not know the reference that only its Session carries, but the Session has paid with it.
    by_ids = Q(payment_intent=told.payment_intent) | Q(payment__payment_intent=told.payment_intent)
    if isinstance(told, MoneyArrived | MoneyFailed) and told.checkout_session:
        by_ids |= Q(checkout_session=told.checkout_session)
    return Order.objects.filter(by_ids).order_by("pk").values_list("pk", flat=True).first()


def _as_uuid(reference: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(reference)
    except ValueError:
        return None
