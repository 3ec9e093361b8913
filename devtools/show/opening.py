"""
Before the doors open: the pizza place, its menu with recipes, its stock, its guests, and the evening's orders.
"""

from collections.abc import Sequence
from itertools import groupby

from devtools.show import pizza_place
from devtools.show.pizza_place import PastOrder
from inventory.deliveries import open_stock
from orders.models import (
    Customer,
    Ingredient,
    MenuItem,
    Order,
    PosProvider,
    Recipe,
    RecipeLine,
    Restaurant,
    ServiceType,
    StaffRecipient,
    Variant,
)
from orders.placing import Draft, DraftLine, place_orders

MEMBERS = 40
EVERY_MEMBER = 3  # every third order is a member's
EVERY_NOTE = 25
OPENING_STOCK_MG = 2_000_000_000
SERVICE_TYPES = (ServiceType.DINE_IN, ServiceType.PICKUP, ServiceType.DELIVERY)
PLACED_AT_ONCE = 1_000

Offer = dict[tuple[str, str], Variant]


def open_restaurant(year: Sequence[PastOrder]) -> tuple[Restaurant, Offer]:
    """
    The restaurant with everything it sells; returns the variants by (pizza, size).
    """
    restaurant = Restaurant.objects.create(
        name="The Pizza Place",
        legal_name="The Pizza Place LLC",
        address="1 Main Street, New York, NY",
        contact="hello@pizza-place.example",
        time_zone=pizza_place.TIME_ZONE,
        currency="USD",
        prices_include_tax=True,
        pos_provider=PosProvider.SQUARE,
        pos_location="LPIZZA",
    )
    restaurant.taxes.create(name="Sales tax", rate_ppm=88_750)
    StaffRecipient.objects.create(restaurant=restaurant, email="kitchen@pizza-place.example")
    toppings = {topping for pizza in pizza_place.menu().values() for topping in pizza.toppings}
    ingredients = {
        ingredient.name: ingredient
        for ingredient in Ingredient.objects.bulk_create(
            Ingredient(restaurant=restaurant, name=name) for name in sorted(toppings)
        )
    }
    open_stock({ingredient.pk: OPENING_STOCK_MG for ingredient in ingredients.values()})
    return restaurant, _menu(restaurant, ingredients, year)


def place(restaurant: Restaurant, offer: Offer, past: Sequence[PastOrder]) -> list[Order]:
    """
    Place the orders as they were placed then, by guests and by members.
    """
    guests = _guests(len(past))
    drafts = [_draft(n, order, offer, guests[n]) for n, order in enumerate(past)]
    return [
        order
        for start in range(0, len(drafts), PLACED_AT_ONCE)
        for order in place_orders(restaurant=restaurant, drafts=drafts[start : start + PLACED_AT_ONCE])
    ]


def _menu(restaurant: Restaurant, ingredients: dict[str, Ingredient], year: Sequence[PastOrder]) -> Offer:
    sold = {(p.code, p.size): p for order in year for p in order.pizzas}
    offer: Offer = {}
    for code, sizes in groupby(sorted(sold.values(), key=lambda p: (p.code, p.size)), key=lambda p: p.code):
        variants = list(sizes)
        pizza = pizza_place.menu()[code]
        item = MenuItem.objects.create(
            restaurant=restaurant, code=code, name=pizza.name, category=variants[0].category
        )
        for one in variants:
            variant = Variant.objects.create(item=item, size=one.size, price_minor=one.price_minor)
            variant.recipe = Recipe.objects.create(variant=variant)
            variant.save(update_fields=["recipe"])
            RecipeLine.objects.bulk_create(
                RecipeLine(
                    recipe=variant.recipe,
                    ingredient=ingredients[topping],
                    quantity=pizza_place.amount_mg(topping, one.size),
                )
                for topping in pizza.toppings
            )
            offer[code, one.size] = variant
    return offer


def _guests(count: int) -> list[Customer]:
    """
    Every third order is a member's; the others are guests who left an address.
    """
    members = Customer.objects.bulk_create(
        Customer(name=f"Member {n}", email=f"member{n}@example.com", is_guest=False) for n in range(MEMBERS)
    )
    guests = Customer.objects.bulk_create(
        (Customer(name=f"Guest {n}", email=f"guest{n}@example.com") for n in range(count)), batch_size=5_000
    )
    return [members[n % MEMBERS] if n % EVERY_MEMBER == 0 else guests[n] for n in range(count)]


def _draft(n: int, order: PastOrder, offer: Offer, guest: Customer) -> Draft:
    counted: dict[int, int] = {}
    for pizza in order.pizzas:
        variant = offer[pizza.code, pizza.size].pk
        counted[variant] = counted.get(variant, 0) + 1
    return Draft(
        number=order.number.removeprefix("2015-").lstrip("0"),
        placed_at=order.at,
        service_type=SERVICE_TYPES[n % len(SERVICE_TYPES)],
        table=str(n % 20 + 1) if n % len(SERVICE_TYPES) == 0 else "",
        note="Please ring twice" if n % EVERY_NOTE == 0 else "",
        customer=guest,
        lines=tuple(DraftLine(variant_id=variant, quantity=number) for variant, number in counted.items()),
    )
