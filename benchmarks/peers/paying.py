"""
An order is marked as paid in one transaction, and its six tasks are published when that has committed.
"""

from collections.abc import Callable, Sequence
from functools import partial

from django.db import transaction
from django.utils import timezone

from orders.models import Order, OrderStatus

Publish = Callable[[int], None]


def prepare(order_ids: Sequence[int], *, publish: Publish) -> list[Callable[[], object]]:
    """
    One call per order, in this order, that pays it.
    """
    return [partial(pay, order_id, publish=publish) for order_id in order_ids]


def pay(order_id: int, *, publish: Publish) -> None:
    """
    Lock the order, mark it as paid, and publish after the commit.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)
        order.status, order.paid_at = OrderStatus.PAID, timezone.now()
        order.save(update_fields=["status", "paid_at"])
        transaction.on_commit(lambda: publish(order_id))
