"""
All orders, or all refunds, of a batch at once.
"""

from collections.abc import Sequence

from django.db.models import Prefetch, QuerySet

from notifications.failures import OrderMissing, RefundMissing
from orders.models import Order, OrderLine, Refund

LINES = Prefetch("lines", queryset=OrderLine.objects.order_by("id"))


def load(orders: QuerySet[Order], *, order_ids: Sequence[int]) -> dict[int, Order]:
    """
    The orders of these ids, in their order; raises where one is missing.
    """
    found = orders.in_bulk(list(order_ids))
    if missing := sorted(set(order_ids) - found.keys()):
        raise OrderMissing(f"There is no order {', '.join(map(str, missing))}.")
    return {order_id: found[order_id] for order_id in order_ids}


def load_refunds(refunds: QuerySet[Refund], *, refund_ids: Sequence[int]) -> dict[int, Refund]:
    """
    The refunds of these ids, in their order; raises where one is missing.
    """
    found = refunds.in_bulk(list(refund_ids))
    if missing := sorted(set(refund_ids) - found.keys()):
        raise RefundMissing(f"There is no refund {', '.join(map(str, missing))}.")
    return {refund_id: found[refund_id] for refund_id in refund_ids}
