"""
Payments through the product's real door, behind HTTP and the signature: the event is kept, the order paid and the steps
promised in one transaction.
"""

from collections.abc import Callable, Sequence

from devtools.stripe_sender import Sale, events
from devtools.stripe_sender.sender import body_of
from orders.models import Order
from payments import inbox
from payments.stripe_gateway import listed_event
from pipeline.nudge import dispatch_while_calm


def prepare(order_ids: Sequence[int]) -> list[Callable[[], object]]:
    """
    One call per order, in this order, that pays it; what Stripe would have sent is made beforehand.
    """
    dispatch_while_calm()  # as rms_backend/wsgi.py has it
    orders = Order.objects.in_bulk(list(order_ids))
    return [_payment(orders[order_id]) for order_id in order_ids]


def _payment(order: Order) -> Callable[[], object]:
    sale = Sale.of(order_reference=str(order.public_id), amount=order.total_minor, currency=order.currency)
    told = events.payment_intent_succeeded(sale)
    body, event = body_of(told), listed_event(dict(told))
    return lambda: inbox.receive(event, body=body)
