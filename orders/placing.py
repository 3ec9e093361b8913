"""
Placing orders: prices, recipes and taxes are frozen here, and only here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from orders.models import Customer, Order, OrderLine, OrderTax, Restaurant, ServiceType, Variant
from orders.totals import Totals, totals


class CannotPlace(ValueError):
    """
    The order names something that this restaurant does not sell.
    """


@dataclass(frozen=True, kw_only=True)
class DraftLine:
    """
    A number of portions of one variant.
    """

    variant_id: int
    quantity: int = 1
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """
    What a guest wants, before it has a price.
    """

    number: str
    lines: tuple[DraftLine, ...]
    placed_at: datetime
    service_type: ServiceType = ServiceType.PICKUP
    customer: Customer | None = None
    table: str = ""
    note: str = ""
    wanted_at: datetime | None = None
    discount_minor: int = 0
    tip_minor: int = 0


def place_order(*, restaurant: Restaurant, draft: Draft) -> Order:
    """
    Place one order.
    """
    return place_orders(restaurant=restaurant, drafts=[draft])[0]


@transaction.atomic
def place_orders(*, restaurant: Restaurant, drafts: Sequence[Draft]) -> list[Order]:
    """
    Place many orders of one restaurant with a handful of statements; all or none.
    """
    variants = _variants(restaurant, drafts)
    rates = restaurant.tax_rates()
    sums = [
        totals(
            line_totals_minor=[variants[line.variant_id].price_minor * line.quantity for line in draft.lines],
            discount_minor=draft.discount_minor,
            tip_minor=draft.tip_minor,
            tax_rates=rates,
            prices_include_tax=restaurant.prices_include_tax,
        )
        for draft in drafts
    ]
    orders = Order.objects.bulk_create(
        _order(restaurant, draft, total) for draft, total in zip(drafts, sums, strict=True)
    )
    OrderLine.objects.bulk_create(_lines(orders, drafts, variants), batch_size=5_000)
    OrderTax.objects.bulk_create(_taxes(orders, sums), batch_size=5_000)
    return orders


def _variants(restaurant: Restaurant, drafts: Iterable[Draft]) -> dict[int, Variant]:
    wanted = {line.variant_id for draft in drafts for line in draft.lines}
    sold = Variant.objects.filter(item__restaurant=restaurant).select_related("item").in_bulk(list(wanted))
    if missing := wanted - sold.keys():
        raise CannotPlace(f"{restaurant} does not sell the variants {sorted(missing)}.")
    return sold


def _order(restaurant: Restaurant, draft: Draft, total: Totals) -> Order:
    return Order(
        restaurant=restaurant,
        customer=draft.customer,
        number=draft.number,
        service_type=draft.service_type,
        table=draft.table,
        note=draft.note,
        placed_at=draft.placed_at,
        wanted_at=draft.wanted_at,
        currency=restaurant.currency,
        prices_include_tax=restaurant.prices_include_tax,
        subtotal_minor=total.subtotal_minor,
        discount_minor=total.discount_minor,
        tax_minor=total.tax_minor,
        tip_minor=total.tip_minor,
        total_minor=total.total_minor,
    )


def _lines(orders: list[Order], drafts: Sequence[Draft], variants: dict[int, Variant]) -> Iterable[OrderLine]:
    for order, draft in zip(orders, drafts, strict=True):
        for line in draft.lines:
            variant = variants[line.variant_id]
            yield OrderLine(
                order=order,
                variant=variant,
                recipe_id=variant.recipe_id,
                name=variant.item.name,
                size=variant.size,
                quantity=line.quantity,
                price_minor=variant.price_minor,
                note=line.note,
            )


def _taxes(orders: list[Order], sums: list[Totals]) -> Iterable[OrderTax]:
    for order, total in zip(orders, sums, strict=True):
        for tax in total.taxes:
            yield OrderTax(order=order, name=tax.name, rate_ppm=tax.rate_ppm, amount_minor=tax.amount_minor)
