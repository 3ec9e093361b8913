"""
What the people at the till do to an order with their own hands.
"""

from devtools.till.documents import Document
from devtools.till.fulfillments import all_at_rest, moved
from devtools.till.ledger import Ledger
from devtools.till.orders import find_order, rewrite_order
from devtools.till.refusals import not_found


def move_fulfillment(ledger: Ledger, order_id: str, *, state: str, at: str) -> Document:
    """Take the order's fulfillment to another state; a paid order whose food is handed out is complete."""
    order = find_order(ledger, order_id)
    if "fulfillments" not in order:
        raise not_found("The order has no fulfillment.", field="order_id")
    fulfillments = [moved(one, state, at=at, field="state") for one in order["fulfillments"]]
    changed = {**order, "fulfillments": fulfillments, "version": order["version"] + 1, "updated_at": at}
    if state == "COMPLETED" and "tenders" in changed and all_at_rest(changed):
        changed |= {"state": "COMPLETED", "closed_at": at}
    rewrite_order(ledger, changed)
    return changed
