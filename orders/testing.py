"""
Builders for tests: a restaurant, its menu, an order, with everything sensible unless said otherwise.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from orders.models import (
    Customer,
    Ingredient,
    MenuItem,
    Order,
    Payment,
    PosProvider,
    Recipe,
    RecipeLine,
    Refund,
    RefundStatus,
    Restaurant,
    StaffRecipient,
    Tax,
    Variant,
)
from orders.placing import Draft, DraftLine, place_order

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
_numbers = count(1)


def make_restaurant(
    *, tax_ppm: int = 0, staff: Sequence[str] = ("kitchen@example.com",), **changes: Any
) -> Restaurant:
    """
    A pizza place in Rome with a Square till, that sells in dollars.
    """
    values: dict[str, Any] = {
        "name": "Trattoria Roma",
        "legal_name": "Roma Food S.r.l.",
        "address": "Via Roma 1, 00184 Roma",
        "tax_id": "IT01234567890",
        "contact": "ciao@trattoria.example",
        "time_zone": "Europe/Rome",
        "currency": "USD",
        "pos_provider": PosProvider.SQUARE,
        "pos_location": "LROMA",
    }
    restaurant = Restaurant.objects.create(**{**values, **changes})
    StaffRecipient.objects.bulk_create(StaffRecipient(restaurant=restaurant, email=email) for email in staff)
    if tax_ppm:
        Tax.objects.create(restaurant=restaurant, name="Sales tax", rate_ppm=tax_ppm)
    return restaurant


def make_menu(restaurant: Restaurant) -> dict[str, Variant]:
    """
    One pizza in two sizes: {'S': 12.00 with 200 g dough and 80 g cheese, 'L': 20.75 with 400 g and 160 g}.
    """
    item = MenuItem.objects.create(
        restaurant=restaurant, code="margherita", name="Margherita", category="classic"
    )
    dough = Ingredient.objects.create(restaurant=restaurant, name="Dough")
    cheese = Ingredient.objects.create(restaurant=restaurant, name="Mozzarella")
    variants: dict[str, Variant] = {}
    for size, price, times in (("S", 1200, 1), ("L", 2075, 2)):
        variant = Variant.objects.create(item=item, size=size, price_minor=price)
        variant.recipe = Recipe.objects.create(variant=variant)
        variant.save(update_fields=["recipe"])
        RecipeLine.objects.create(recipe=variant.recipe, ingredient=dough, quantity=200_000 * times)
        RecipeLine.objects.create(recipe=variant.recipe, ingredient=cheese, quantity=80_000 * times)
        variants[size] = variant
    return variants


def make_order(
    *,
    restaurant: Restaurant | None = None,
    paid: bool = True,
    customer_email: str = "guest@example.com",
    customer_name: str = "Ada Guest",
    member: bool = False,
    lines: Sequence[tuple[str, int, str]] = (("S", 1, ""), ("L", 2, "no basil")),
    **changes: Any,
) -> Order:
    """
    An order of `lines` (size, quantity, note); a paid one has its payment, but nothing is promised for it.

    `changes` are fields of `orders.placing.Draft`.
    """
    restaurant = restaurant or make_restaurant()
    variants = {v.size: v for v in Variant.objects.filter(item__restaurant=restaurant)} or make_menu(
        restaurant
    )
    number = next(_numbers)
    draft = {
        "number": str(1000 + number),
        "placed_at": NOON,
        "lines": tuple(
            DraftLine(variant_id=variants[size].pk, quantity=n, note=note) for size, n, note in lines
        ),
        "customer": _customer(customer_email, customer_name, member=member),
    }
    order = place_order(restaurant=restaurant, draft=Draft(**{**draft, **changes}))
    if paid:
        order.mark_paid(paid_at=NOON)
        Payment.objects.create(
            order=order,
            payment_intent=f"pi_test_{number}_{order.pk}",
            amount_minor=order.total_minor,
            currency=order.currency,
            livemode=False,
            paid_at=NOON,
        )
    return order


def make_refund(
    order: Order, *, minor: int | None = None, status: RefundStatus = RefundStatus.SUCCEEDED
) -> Refund:
    """
    A refund of a paid order (all that is left unless `minor` says how much), as the order's own sums know it.
    """
    refund = Refund.objects.create(
        order=order,
        stripe_id=f"re_test_{next(_numbers)}_{order.pk}",
        amount_minor=order.total_minor - order.refunded_minor if minor is None else minor,
        currency=order.currency,
        status=status,
        refunded_at=NOON,
        failed_at=NOON if status == RefundStatus.FAILED else None,
    )
    order.mark_refunded(minor=Refund.sum_of(order))
    return refund


def _customer(email: str, name: str, *, member: bool) -> Customer:
    if member:
        return Customer.objects.get_or_create(email=email, is_guest=False, defaults={"name": name})[0]
    return Customer.objects.create(email=email, name=name, is_guest=True)
