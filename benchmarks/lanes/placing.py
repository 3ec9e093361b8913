"""
Orders that are paid and wait for some of their steps: `python -m benchmarks.lanes.placing 1200 sync_order_to_pos …`.

Run as a process of the house; prints the references of the orders. They become due together, with one commit.
"""

import json
import sys
import uuid
from collections.abc import Sequence

import django


def place(count: int, step_names: Sequence[str]) -> list[str]:
    """
    Place them, mark them as paid and promise the steps; returns the references.
    """
    from django.db import transaction  # noqa: PLC0415 - Django must be set up first

    from orders.models import Order  # noqa: PLC0415
    from pipeline.promises import promise  # noqa: PLC0415
    from pipeline.steps import menu  # noqa: PLC0415

    steps = [menu.find(name) for name in step_names]
    with transaction.atomic():
        orders = _paid_orders(count)
        for order in orders:
            promise(order_id=order.pk, steps=steps)
    return [str(order.public_id) for order in Order.objects.filter(pk__in=[order.pk for order in orders])]


def _paid_orders(count: int) -> list:
    from django.utils import timezone  # noqa: PLC0415

    from orders.models import Customer, Order, OrderStatus, Payment  # noqa: PLC0415
    from orders.placing import Draft, DraftLine, place_orders  # noqa: PLC0415
    from orders.testing import make_menu, make_restaurant  # noqa: PLC0415

    now = timezone.now()  # the till is asked about an order that was paid long ago before it is told
    restaurant = make_restaurant()
    variants = make_menu(restaurant)
    run = uuid.uuid4().hex[:8]
    guests = Customer.objects.bulk_create(
        Customer(email=f"guest{n}.{run}@example.com", name="Ada Guest", is_guest=n % 3 != 0)
        for n in range(count)
    )
    lines = tuple(
        DraftLine(variant_id=variants[size].pk, quantity=number, note=note)
        for size, number, note in (("S", 1, ""), ("L", 2, "no basil"), ("S", 3, ""))
    )
    drafts = [
        Draft(number=f"{run}{n}", placed_at=now, lines=lines, customer=guest)
        for n, guest in enumerate(guests)
    ]
    orders = place_orders(restaurant=restaurant, drafts=drafts)
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(status=OrderStatus.PAID, paid_at=now)
    Payment.objects.bulk_create(
        Payment(
            order=order, payment_intent=f"pi_{run}_{order.pk}", amount_minor=order.total_minor,
            currency=order.currency, livemode=False, paid_at=now,
        )
        for order in orders
    )  # fmt: skip
    return orders


if __name__ == "__main__":
    django.setup()
    print(json.dumps(place(int(sys.argv[1]), sys.argv[2:])))  # noqa: T201 - this is the answer
