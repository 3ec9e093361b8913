"""
The orders of the workload: the product's own, placed in bulk, three lines each.
"""

from datetime import UTC, datetime

from benchmarks.workload.models import Stock
from orders.models import Customer, MenuItem, Order, Restaurant, Variant
from orders.placing import Draft, DraftLine, place_orders
from orders.testing import make_restaurant

RESTAURANTS = 10
MEMBERS = 200
SIZES = {"S": 900, "M": 1200, "L": 1600, "XL": 2100, "XXL": 2600, "party": 3900}  # prices in cents
LINES_EACH = 3
NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def place(count: int) -> list[int]:
    """
    Place so many unpaid orders with the restaurants, variants and members they need; returns their ids, which are
    spread evenly over the restaurants.
    """
    members = _members()
    by_restaurant = [
        _place_at(restaurant, numbers=range(start, count, RESTAURANTS), members=members)
        for start, restaurant in enumerate(_restaurants())
    ]
    ids = [order.pk for orders in by_restaurant for order in orders]
    # In turn, as guests come: neighbours in time are not guests of the same restaurant.
    turns = max(len(orders) for orders in by_restaurant)
    return (
        [orders[turn].pk for turn in range(turns) for orders in by_restaurant if turn < len(orders)]
        if ids
        else []
    )


def _restaurants() -> list[Restaurant]:
    restaurants = [make_restaurant(name=f"Trattoria {number}") for number in range(RESTAURANTS)]
    variants = [variant for restaurant in restaurants for variant in _menu(restaurant)]
    Stock.objects.bulk_create(Stock(variant_id=variant.pk, on_hand=0) for variant in variants)
    return restaurants


def _menu(restaurant: Restaurant) -> list[Variant]:
    item = MenuItem.objects.create(restaurant=restaurant, code="margherita", name="Margherita")
    return Variant.objects.bulk_create(
        Variant(item=item, size=size, price_minor=price) for size, price in SIZES.items()
    )


def _members() -> list[Customer]:
    return Customer.objects.bulk_create(
        Customer(name=f"Guest {number}", email=f"guest{number}@example.com", is_guest=False)
        for number in range(MEMBERS)
    )


def _place_at(restaurant: Restaurant, *, numbers: range, members: list[Customer]) -> list[Order]:
    variants = list(Variant.objects.filter(item__restaurant=restaurant).order_by("pk"))
    drafts = [
        Draft(
            number=str(1000 + number),
            placed_at=NOON,
            customer=members[number % MEMBERS],
            lines=tuple(
                DraftLine(variant_id=variants[(number + n) % len(variants)].pk, quantity=1 + (number + n) % 3)
                for n in range(LINES_EACH)
            ),
        )
        for number in numbers
    ]
    return place_orders(restaurant=restaurant, drafts=drafts)
