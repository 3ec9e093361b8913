"""
A backlog of paid orders that wait for some of their steps.
"""

from django.db import transaction
from django.utils import timezone

from benchmarks import pizzeria
from orders.models import Order, OrderStatus, Payment, Restaurant
from orders.testing import make_menu, make_restaurant
from pipeline.promises import promise
from pipeline.steps import menu


def open_restaurant() -> Restaurant:
    """
    A restaurant with its menu and without taxes: the lean till only adds up the lines.
    """
    restaurant = make_restaurant()
    make_menu(restaurant)
    return restaurant


def promise_to(restaurant: Restaurant, count: int, *step_names: str) -> list[str]:
    """
    Place so many orders, mark them as paid and promise them the steps; they become due together, with one commit.
    Returns their references.
    """
    steps = [menu.find(name) for name in step_names]
    with transaction.atomic():
        orders = _paid(pizzeria.place(restaurant, count))
        for order in orders:
            promise(order_id=order.pk, steps=steps)
    return [str(order.public_id) for order in orders]


def _paid(orders: list[Order]) -> list[Order]:
    now = timezone.now()  # the till is asked about an order that was paid long ago before it is told
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(status=OrderStatus.PAID, paid_at=now)
    Payment.objects.bulk_create(
        Payment(
            order=order, payment_intent=f"pi_{order.public_id}", amount_minor=order.total_minor,
            currency=order.currency, livemode=False, paid_at=now,
        )
        for order in orders
    )  # fmt: skip
    return orders
