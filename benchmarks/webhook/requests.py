"""
Deliveries of Stripe's, complete as bytes before the clock starts: their signatures are good for five minutes.
"""

import json
from collections.abc import Iterable

from benchmarks.pizzeria import sale
from benchmarks.place import STRIPE_SECRET
from devtools.stripe_sender import events, sign
from orders.models import Order


def deliveries(orders: Iterable[Order], *, path: str, port: int) -> list[bytes]:
    """
    One request per order, each with an event of its own that pays it.
    """
    return [_delivery(order, path=path, port=port) for order in orders]


def _delivery(order: Order, *, path: str, port: int) -> bytes:
    # Without Stripe's indentation: about a kilobyte and a half.
    event = events.payment_intent_succeeded(sale(order))
    body = json.dumps(event, separators=(",", ":")).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        f"User-Agent: Stripe/1.0\r\nStripe-Signature: {sign(body, secret=STRIPE_SECRET)}\r\n\r\n"
    )
    return head.encode() + body
