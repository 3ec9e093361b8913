"""
Stripe's side of a payment, for tests.
"""

from typing import Any

from django.conf import settings
from django.test import Client

from devtools.stripe_sender import Sale, sign
from devtools.stripe_sender.sender import body_of
from orders.models import Order

URL = "/payments/webhooks/stripe/"


def sale_of(order: Order, **changes: Any) -> Sale:
    """
    The sale that pays exactly this order, unless changed.
    """
    paid = {"order_reference": str(order.public_id), "amount": order.total_minor, "currency": order.currency}
    return Sale.of(**{**paid, **changes})


def deliver(event: dict[str, Any], *, at: int | None = None, secret: str | None = None) -> int:
    """
    Post a signed event to our webhook and return the status of the answer.
    """
    body = body_of(event)
    signature = sign(body, secret=secret or settings.STRIPE_WEBHOOK_SECRETS[0], at=at)
    return post(body, signature)


def post(body: bytes, signature: str) -> int:
    """
    Post any bytes with any signature.
    """
    answer = Client().post(
        URL, body, content_type="application/json", headers={"Stripe-Signature": signature}
    )
    return int(answer.status_code)
