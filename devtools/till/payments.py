"""
Payments: CreatePayment, for money that was taken elsewhere (`source_id` EXTERNAL).
"""

import json

from devtools.till.documents import Answer, Document
from devtools.till.fulfillments import all_at_rest
from devtools.till.keys import once
from devtools.till.ledger import Ledger
from devtools.till.money import money
from devtools.till.orders import find_order, rewrite_order
from devtools.till.place import Call, Till, fresh_id
from devtools.till.refusals import RequestRefusedError, SquareError, bad_request
from devtools.till.request_shapes import CREATE_PAYMENT
from devtools.till.schema import check
from devtools.till.statement import with_tip
from devtools.till.times import written

TOLD_AGAIN = (  # what the answer repeats from the request as it is
    *("customer_id", "team_member_id", "reference_id", "note", "buyer_email_address"),
    *("billing_address", "shipping_address", "statement_description_identifier"),
)


def create_payment(till: Till, call: Call) -> Answer:
    """Record a payment of an order in full, or repeat what was said to the same key."""
    body = check(call.body, CREATE_PAYMENT)
    _check_source(body)

    def record() -> Document:
        order = find_order(till.ledger, body["order_id"])
        _check_against(order, body)
        payment = _payment(order, body, at=written(call.now))
        rewrite_order(till.ledger, _paid(order, payment))
        _keep(till.ledger, payment, key=body["idempotency_key"])
        return {"payment": payment}

    key = body["idempotency_key"]
    return once(till.ledger, operation="CreatePayment", key=key, body=body, effect=record)


def _check_source(body: Document) -> None:
    if body["source_id"] != "EXTERNAL":
        detail = "This till records payments made elsewhere only: source_id must be EXTERNAL."
        raise bad_request(detail, code="UNSUPPORTED_SOURCE_TYPE", field="source_id")
    # Square would make up an order for a payment that names none; here that is surely a mistake.
    for name in ("external_details", "order_id"):
        if name not in body:
            detail = f"A payment made elsewhere needs {name}."
            raise RequestRefusedError(
                SquareError(code="MISSING_REQUIRED_PARAMETER", detail=detail, field=name)
            )
    if not body.get("autocomplete", True):
        raise bad_request("A payment made elsewhere is complete.", field="autocomplete")


def _check_against(order: Document, body: Document) -> None:
    if body.get("location_id", order["location_id"]) != order["location_id"]:
        detail = "The order belongs to another location."
        raise bad_request(detail, code="LOCATION_MISMATCH", field="location_id")
    currency = order["total_money"]["currency"]
    moneys = {name: body[name] for name in ("amount_money", "tip_money") if name in body}
    fee = body["external_details"].get("source_fee_money")
    for name, amount in (moneys | ({"source_fee_money": fee} if fee else {})).items():
        if amount["currency"] != currency:
            raise bad_request(f"The order is in {currency}.", code="CURRENCY_MISMATCH", field=name)
    if order["state"] == "CANCELED":
        raise bad_request("The order is CANCELED.", field="order_id")
    if "tenders" in order:
        raise bad_request("The order is already paid.", field="order_id")
    _check_amount(body["amount_money"]["amount"], due=order["net_amount_due_money"]["amount"])


def _check_amount(amount: int, *, due: int) -> None:
    # The tip comes on top of amount_money and is not part of what is due: Square adds it to the order afterwards.
    if amount != due:
        detail = f"The payment total {amount} does not match the order total {due} (before the tip)."
        raise bad_request(detail, field="amount_money.amount")


def _payment(order: Document, body: Document, *, at: str) -> Document:
    currency = body["amount_money"]["currency"]
    tip = body.get("tip_money", money(0, currency))
    total = money(body["amount_money"]["amount"] + tip["amount"], currency)
    return {
        "id": fresh_id(),
        "created_at": at,
        "updated_at": at,
        "amount_money": body["amount_money"],
        "tip_money": tip,
        "total_money": total,
        "approved_money": total,
        "status": "COMPLETED",
        "source_type": "EXTERNAL",
        "external_details": body["external_details"],
        "location_id": order["location_id"],
        "order_id": order["id"],
        **{name: body[name] for name in TOLD_AGAIN if name in body},
        "version_token": fresh_id(),
    }


def _paid(order: Document, payment: Document) -> Document:
    at = payment["created_at"]
    currency = payment["total_money"]["currency"]
    # As at Square: a paid order stays open until its fulfillment is done; without one it is complete.
    closed = {} if not all_at_rest(order) else {"state": "COMPLETED", "closed_at": at}
    return {
        **with_tip(order, tip=payment["tip_money"]["amount"], currency=currency),
        **closed,
        "tenders": [_tender(payment)],
        "version": order["version"] + 1,
        "updated_at": at,
    }


def _tender(payment: Document) -> Document:
    return {
        "id": payment["id"],
        "location_id": payment["location_id"],
        "transaction_id": payment["order_id"],
        "created_at": payment["created_at"],
        "amount_money": payment["total_money"],
        "tip_money": payment["tip_money"],
        "type": "OTHER",
        "payment_id": payment["id"],
    }


def _keep(ledger: Ledger, payment: Document, *, key: str) -> None:
    ledger.connection.execute(
        "INSERT INTO payments (id, order_id, idempotency_key, amount, tip, currency, created_at, document)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            payment["id"],
            payment["order_id"],
            key,
            payment["amount_money"]["amount"],
            payment["tip_money"]["amount"],
            payment["amount_money"]["currency"],
            payment["created_at"],
            json.dumps(payment),
        ),
    )
