"""
A restaurant, and orders of it that wait for their payment.
"""

from itertools import count

from devtools.stripe_sender import Sale
from orders.models import Customer, Order, Restaurant, Variant
from orders.placing import Draft, DraftLine, place_orders
from orders.testing import NOON, make_menu, make_restaurant

LOCATION = "LBENCH"
SALES_TAX_PPM = 80_000
_numbers = count(1)


def open_restaurant() -> Restaurant:
    """
    A restaurant with its menu.
    """
    restaurant = make_restaurant(pos_location=LOCATION, tax_ppm=SALES_TAX_PPM)
    make_menu(restaurant)
    return restaurant


def place(restaurant: Restaurant, orders: int) -> list[Order]:
    """
    So many orders of guests, every third of whom is a member.
    """
    variants = {one.size: one for one in Variant.objects.filter(item__restaurant=restaurant)}
    guests = Customer.objects.bulk_create(
        Customer(email=f"guest{number}@example.com", name="Ada Guest", is_guest=number % 3 > 0)
        for number in (next(_numbers) for _ in range(orders))
    )
    lines = (DraftLine(variant_id=variants["S"].pk), DraftLine(variant_id=variants["L"].pk, quantity=2))
    drafts = [Draft(number="1", lines=lines, placed_at=NOON, customer=guest) for guest in guests]
    return place_orders(restaurant=restaurant, drafts=drafts)


def sale(order: Order) -> Sale:
    """
    What pays exactly this order.
    """
    return Sale.of(order_reference=str(order.public_id), amount=order.total_minor, currency=order.currency)
