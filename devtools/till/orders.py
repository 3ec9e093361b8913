"""
Orders: CreateOrder, RetrieveOrder, BatchRetrieveOrders.
"""

import json

from devtools.till.documents import Answer, Document
from devtools.till.keys import once
from devtools.till.ledger import Ledger
from devtools.till.order_rules import check_order, check_total
from devtools.till.place import Call, Till, fresh_id
from devtools.till.refusals import not_found
from devtools.till.request_shapes import BATCH_RETRIEVE, CREATE_ORDER
from devtools.till.schema import check
from devtools.till.statement import priced
from devtools.till.times import written


def create_order(till: Till, call: Call) -> Answer:
    """Take an order, or repeat what was said to the same key."""
    body = check(call.body, CREATE_ORDER)

    def take() -> Document:
        order = _priced_order(till, body["order"], at=written(call.now))
        _keep(till.ledger, order, key=body.get("idempotency_key"))
        return {"order": order}

    return once(till.ledger, operation="CreateOrder", key=body.get("idempotency_key"), body=body, effect=take)


def retrieve_order(till: Till, call: Call) -> Answer:
    """Show the order as it stands now."""
    return Answer(document={"order": find_order(till.ledger, call.named)}, outcome="read")


def batch_retrieve_orders(till: Till, call: Call) -> Answer:
    """Show those of the named orders that exist; the others are passed over, as Square does."""
    body = check(call.body, BATCH_RETRIEVE)
    marks = ", ".join("?" * len(body["order_ids"]))
    rows = till.ledger.connection.execute(
        f"SELECT document FROM orders WHERE id IN ({marks}) ORDER BY seq", body["order_ids"]
    )
    orders = [json.loads(row["document"]) for row in rows]
    place = body.get("location_id")
    return Answer(
        document={"orders": [order for order in orders if place in (None, order["location_id"])]},
        outcome="read",
    )


def find_order(ledger: Ledger, order_id: str) -> Document:
    """Find the order with that id, or a refusal."""
    row = ledger.connection.execute("SELECT document FROM orders WHERE id = ?", (order_id,)).fetchone()
    if row is None:
        raise not_found("There is no order with this id.", field="order_id")
    order: Document = json.loads(row["document"])
    return order


def rewrite_order(ledger: Ledger, order: Document) -> None:
    """Keep a changed order in place of what was held before."""
    ledger.connection.execute(
        "UPDATE orders SET state = ?, total = ?, tip = ?, updated_at = ?, closed_at = ?, document = ?"
        " WHERE id = ?",
        (
            order["state"],
            order["total_money"]["amount"],
            order["total_tip_money"]["amount"],
            order["updated_at"],
            order.get("closed_at"),
            json.dumps(order),
            order["id"],
        ),
    )


def _priced_order(till: Till, asked: Document, *, at: str) -> Document:
    currency = till.currency_of(asked["location_id"], field="order.location_id")
    check_order(asked, currency=currency)
    order = priced(_with_uids(asked), currency=currency)
    check_total(order["total_money"]["amount"])
    return {
        "id": fresh_id(),
        "source": {"name": "Local till"},
        **order,
        **_begun_fulfillments(order, at=at),
        "state": "OPEN",
        "version": 1,
        "created_at": at,
        "updated_at": at,
    }


def _with_uids(order: Document) -> Document:
    named: Document = {
        name: [{"uid": fresh_id(), **part} for part in order[name]]
        for name in ("line_items", "taxes", "discounts", "service_charges", "fulfillments")
        if name in order
    }
    for line in named.get("line_items", []):
        if "modifiers" in line:
            line["modifiers"] = [{"uid": fresh_id(), **modifier} for modifier in line["modifiers"]]
    return {**order, **named}


def _begun_fulfillments(order: Document, *, at: str) -> Document:
    begun = []
    for fulfillment in order.get("fulfillments", []):
        name = f"{fulfillment['type'].lower()}_details"
        details = {"schedule_type": "SCHEDULED", **fulfillment[name], "placed_at": at}
        begun.append({"state": "PROPOSED", **fulfillment, name: details})
    return {"fulfillments": begun} if begun else {}


def _keep(ledger: Ledger, order: Document, *, key: str | None) -> None:
    ledger.connection.execute(
        "INSERT INTO orders (id, location_id, reference_id, idempotency_key, state, total, tip, currency,"
        " created_at, updated_at, document) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
        (
            order["id"],
            order["location_id"],
            order.get("reference_id"),
            key,
            order["state"],
            order["total_money"]["amount"],
            order["total_money"]["currency"],
            order["created_at"],
            order["updated_at"],
            json.dumps(order),
        ),
    )
