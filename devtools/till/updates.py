"""
UpdateOrder: what becomes of an order after it was taken. Of all that Square lets change, this till changes states only.
"""

from devtools.till.documents import Answer, Document
from devtools.till.fulfillments import all_at_rest, moved
from devtools.till.keys import is_used, use
from devtools.till.orders import find_order, rewrite_order
from devtools.till.place import Call, Till
from devtools.till.refusals import bad_request, not_found
from devtools.till.request_shapes import UPDATE_ORDER
from devtools.till.schema import check
from devtools.till.times import written

CLOSED = ("COMPLETED", "CANCELED")


def update_order(till: Till, call: Call) -> Answer:
    """
    Change the order, or show how it stands to a key that was used before.

    As at Square, a used key changes nothing and is answered 200, whatever the body says this time.
    """
    body = check(call.body, UPDATE_ORDER)
    key = body.get("idempotency_key")
    if key is not None and is_used(till.ledger, operation="UpdateOrder", key=key):
        return Answer(document={"order": find_order(till.ledger, call.named)}, outcome="duplicate")
    order = _changed(find_order(till.ledger, call.named), body["order"], at=written(call.now))
    rewrite_order(till.ledger, order)
    if key is not None:
        use(till.ledger, operation="UpdateOrder", key=key, body=body, document={"order": order})
    return Answer(document={"order": order}, outcome="kept")


def _changed(order: Document, asked: Document, *, at: str) -> Document:
    _check_may_change(order, asked)
    changed = {
        **order,
        **_fulfillments(order, asked, at=at),
        "version": order["version"] + 1,
        "updated_at": at,
    }
    state = str(asked.get("state", order["state"]))
    if state == order["state"]:
        return changed
    _check_may_close(changed, state)
    return {**changed, "state": state, "closed_at": at}


def _check_may_change(order: Document, asked: Document) -> None:
    if asked["location_id"] != order["location_id"]:
        raise bad_request("The order belongs to another location.", field="order.location_id")
    if asked["version"] != order["version"]:
        # Square's own words, and its status: not 409.
        detail = f"Supplied version {asked['version']} does not match the current version {order['version']} of order {order['id']}."
        raise bad_request(detail, code="VERSION_MISMATCH", field="order.version")
    if order["state"] in CLOSED:
        raise bad_request(f"An order that is {order['state']} cannot be updated.", field="order.state")


def _fulfillments(order: Document, asked: Document, *, at: str) -> Document:
    held = {fulfillment["uid"]: fulfillment for fulfillment in order.get("fulfillments", [])}
    for place, wanted in enumerate(asked.get("fulfillments", [])):
        field = f"order.fulfillments[{place}]"
        if wanted["uid"] not in held:
            raise not_found("The order has no fulfillment with this uid.", field=f"{field}.uid")
        held[wanted["uid"]] = moved(held[wanted["uid"]], wanted["state"], at=at, field=f"{field}.state")
    return {"fulfillments": list(held.values())} if held else {}


def _check_may_close(order: Document, state: str) -> None:
    if not all_at_rest(order):
        detail = f"All fulfillments must be COMPLETED, CANCELED or FAILED for an order to be {state}."
        raise bad_request(detail, field="order.state")
    paid = "tenders" in order
    if state == "CANCELED" and paid:
        raise bad_request("An order that is paid cannot be CANCELED.", field="order.state")
    if state == "COMPLETED" and not paid:
        raise bad_request("An order that is not paid cannot be COMPLETED.", field="order.state")
