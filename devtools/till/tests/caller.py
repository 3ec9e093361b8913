"""
A caller of the till as a test needs it: right requests by default, and any wrong one on demand.
"""

import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import requests

Document = dict[str, Any]
DEADLINE_SECONDS = 10

ORDER: Document = {
    "idempotency_key": "order-key",
    "order": {
        "location_id": "LMAIN",
        "reference_id": "R-1",
        "line_items": [
            {"name": "Ramen", "quantity": "2", "base_price_money": {"amount": 1250, "currency": "EUR"}}
        ],
    },
}

PAYMENT: Document = {
    "idempotency_key": "payment-key",
    "source_id": "EXTERNAL",
    "external_details": {"type": "CARD", "source": "Stripe", "source_id": "pi_1"},
    "amount_money": {"amount": 2500, "currency": "EUR"},
}


def eur(amount: int) -> Document:
    """Write an amount in euro cents."""
    return {"amount": amount, "currency": "EUR"}


def order_body(*, key: str | None = "order-key", **changes: Any) -> Document:
    """Write a CreateOrder body, with changes to its order."""
    body = deepcopy(ORDER)
    body["idempotency_key"] = key
    body["order"].update(changes)
    return body


def payment_body(order_id: str, /, **changes: Any) -> Document:
    """Write a CreatePayment body for an order of 25.00 EUR, with changes."""
    return {**deepcopy(PAYMENT), "order_id": order_id, **changes}


def wait_until(question: Callable[[], bool]) -> None:
    """Ask again until the answer is yes, or fail at the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not question():
        assert time.monotonic() < deadline, "it did not happen in time"


class Caller:
    """Somebody who speaks Square's API to the till, over one kept connection."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"

    def post(self, path: str, body: Any, *, timeout: float = DEADLINE_SECONDS) -> requests.Response:
        """Post a document."""
        return self.session.post(self.url + path, json=body, timeout=timeout)

    def put(self, path: str, body: Any) -> requests.Response:
        """Put a document."""
        return self.session.put(self.url + path, json=body, timeout=DEADLINE_SECONDS)

    def get(self, path: str) -> requests.Response:
        """Get a document."""
        return self.session.get(self.url + path, timeout=DEADLINE_SECONDS)

    def order(self, *, key: str | None = "order-key", **changes: Any) -> Document:
        """Create an order that must be taken, and give it back."""
        answer = self.post("/v2/orders", order_body(key=key, **changes))
        assert answer.status_code == 200, answer.text
        order: Document = answer.json()["order"]
        return order

    def pay(self, order_id: str, /, **changes: Any) -> requests.Response:
        """Post a payment for an order."""
        return self.post("/v2/payments", payment_body(order_id, **changes))


def update_body(order: Document, *, key: str | None = "update-key", **changes: Any) -> Document:
    """Write an UpdateOrder body for an order as it stands, with changes."""
    fields = {"location_id": order["location_id"], "version": order["version"], **changes}
    return {"order": fields} if key is None else {"idempotency_key": key, "order": fields}


def fulfillment_in(state: str, order: Document) -> list[Document]:
    """Write the wish that the order's fulfillment has this state."""
    return [{"uid": order["fulfillments"][0]["uid"], "state": state}]


def error_of(answer: requests.Response) -> Document:
    """Give the first error of an answer; every error of the till has a category and a code."""
    errors = answer.json()["errors"]
    assert all(error["category"] and error["code"] and error["detail"] for error in errors)
    first: Document = errors[0]
    return first
