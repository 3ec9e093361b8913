"""
The six effects for one order, with Django's ORM: what a task of the peers calls, and floor F1 in a loop.

The unique key does the work of "at most once": who comes second gets an IntegrityError, and nothing of his stays.
"""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.models import F

from benchmarks.workload import wording
from benchmarks.workload.models import Balance, Effect, HourTotal, Kind, Stock
from orders.models import Order

CENTS_PER_POINT = 100


def write_receipt(order_id: int) -> bool:
    """
    Render the receipt and keep it.
    """
    order = Order.objects.select_related("restaurant", "customer").get(pk=order_id)
    guest = order.customer.name if order.customer else ""
    text = wording.receipt(
        order,
        order.lines.order_by("pk"),
        restaurant=order.restaurant.name,
        guest=guest,
    )
    return _once(lambda: _note(order_id, Kind.RECEIPT, text=text))


def tell_staff(order_id: int) -> bool:
    """
    Write the kitchen its note.
    """
    order = Order.objects.get(pk=order_id)
    text = wording.note_for_staff(order, list(order.lines.order_by("pk")))
    return _once(lambda: _note(order_id, Kind.STAFF, text=text))


def ring_up(order_id: int) -> bool:
    """
    Write down what the till would be told.
    """
    order = Order.objects.get(pk=order_id)
    text = wording.ticket(order, list(order.lines.order_by("pk")))
    return _once(lambda: _note(order_id, Kind.POS, text=text))


def count_sale(order_id: int) -> bool:
    """
    Add the sale to its restaurant's hour.
    """
    order = Order.objects.get(pk=order_id)
    return _once(lambda: _count(order))


def award_points(order_id: int) -> bool:
    """
    Credit the member's points.
    """
    order = Order.objects.get(pk=order_id)
    return _once(lambda: _award(order))


def take_stock(order_id: int) -> bool:
    """
    Take the portions of each line out of the stock.
    """
    order = Order.objects.get(pk=order_id)
    return _once(lambda: _take(order))


EFFECTS = (write_receipt, tell_staff, ring_up, count_sale, award_points, take_stock)


def _once(effect: Callable[[], None]) -> bool:
    """
    In a transaction of its own; False where it has happened before.
    """
    try:
        with transaction.atomic():
            effect()
    except IntegrityError:
        return False
    return True


def _note(order_id: int, kind: Kind, *, text: str = "", amount: int = 0) -> None:
    Effect.objects.create(order_id=order_id, kind=kind, text=text, amount=amount)


def _count(order: Order) -> None:
    assert order.paid_at is not None  # noqa: S101 - told to mypy: only paid orders get here
    _note(order.pk, Kind.ANALYTICS, amount=order.total_minor)
    hour = order.paid_at.replace(minute=0, second=0, microsecond=0)
    which = {"restaurant_id": order.restaurant_id, "hour": hour}
    more = {"orders": F("orders") + 1, "total_minor": F("total_minor") + order.total_minor}
    if not HourTotal.objects.filter(**which).update(**more):
        HourTotal.objects.get_or_create(**which, defaults={"orders": 0, "total_minor": 0})
        HourTotal.objects.filter(**which).update(**more)


def _award(order: Order) -> None:
    assert order.customer_id is not None  # noqa: S101 - told to mypy: the workload's guests are members
    points = order.subtotal_minor // CENTS_PER_POINT
    _note(order.pk, Kind.LOYALTY, amount=points)
    more = {"points": F("points") + points}
    if not Balance.objects.filter(pk=order.customer_id).update(**more):
        Balance.objects.get_or_create(customer_id=order.customer_id, defaults={"points": 0})
        Balance.objects.filter(pk=order.customer_id).update(**more)


def _take(order: Order) -> None:
    # In one order for everybody, so that two orders for the same pizzas cannot wait for each other.
    lines = list(order.lines.order_by("variant_id"))
    _note(order.pk, Kind.STOCK, amount=sum(line.quantity for line in lines))
    for line in lines:
        Stock.objects.filter(pk=line.variant_id).update(on_hand=F("on_hand") - line.quantity)
