"""
Which order a fact of Stripe's is about.
"""

import uuid

from orders.models import Order
from payments.facts import Meaning, MoneyArrived, MoneyFailed
from pipeline.statements import rows

# One look at an index each: joined by OR they would read every order there ever was.
BY_IDS = """
SELECT min(id) FROM (
    SELECT id FROM orders_order WHERE payment_intent = %(intent)s AND payment_intent <> ''
    UNION ALL
    SELECT order_id FROM orders_payment WHERE payment_intent = %(intent)s
    UNION ALL
    SELECT id FROM orders_order WHERE checkout_session = %(session)s AND checkout_session <> '') AS found
"""


def order_of(told: Meaning) -> int | None:
    """
    The order by our own reference, or else by the ids that Stripe gave its payment or checkout; None if we know none.
    """
    reference = reference_of(told)
    if reference is not None:
        named = Order.objects.filter(public_id=reference).values_list("pk", flat=True).first()
        if named is not None:
            return named
    # A PaymentIntent does not know the reference that only its Session carries, but the Session has paid with it.
    session = told.checkout_session if isinstance(told, MoneyArrived | MoneyFailed) else ""
    [(order_id,)] = rows(BY_IDS, intent=told.payment_intent, session=session)
    return None if order_id is None else int(order_id)


def reference_of(told: Meaning) -> uuid.UUID | None:
    """
    Our own reference, if what Stripe kept as such can be one.
    """
    try:
        return uuid.UUID(told.order_reference)
    except ValueError:
        return None
