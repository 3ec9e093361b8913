"""
Finds an order at Square by our own id, which its search cannot do: the page-by-page way round.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pos.answers import AnswerUnreadable, Document
from pos.client import Visit

CLOCKS_MAY_DIFFER = timedelta(minutes=10)
ORDERS_PER_PAGE = 50  # so that a page of long orders stays below the client's limit


def find_order(visit: Visit, *, location_id: str, reference_id: str, since: datetime) -> Document | None:
    """
    The first order of this location with our reference that was made since then, or None.

    The window has no end, because an attempt of any later hour may have made it. It is read from its beginning,
    where the order nearly always is. A search that takes too long ends with the visit, as a temporary failure.
    """
    for order in _orders(visit, location_id=location_id, since=since - CLOCKS_MAY_DIFFER):
        if order.get("reference_id") == reference_id:
            return order
    return None


def _orders(visit: Visit, *, location_id: str, since: datetime) -> Iterator[Document]:
    start_at = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    query = {
        "location_ids": [location_id],
        "limit": ORDERS_PER_PAGE,
        "query": {
            "filter": {"date_time_filter": {"created_at": {"start_at": start_at}}},
            "sort": {"sort_field": "CREATED_AT", "sort_order": "ASC"},
        },
    }
    cursor = None
    while True:
        page = visit.post("/v2/orders/search", query | ({"cursor": cursor} if cursor else {}))
        orders = page.get("orders", [])
        if not isinstance(orders, list) or not all(isinstance(order, dict) for order in orders):
            raise AnswerUnreadable("The till's search answered with no list of orders.")
        yield from orders
        cursor = page.get("cursor")
        if not cursor:
            return
