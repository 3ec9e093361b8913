"""
Many workers that count, credit and deduct at the same moment, in opposite orders: sums must agree, nobody may deadlock.
"""

import itertools
from collections import Counter

from django.db.models import Sum
from django.test import TransactionTestCase

from analytics.models import HourlySales, SaleFact
from inventory.deliveries import open_stock
from inventory.models import Stock, StockMovement
from loyalty.models import LoyaltyBalance, LoyaltyEntry
from orders.models import Ingredient, MenuItem, Order, Recipe, RecipeLine, Restaurant, Variant
from orders.testing import make_order, make_restaurant
from pipeline.models import State, StepEvent, StepRun
from pipeline.runner import carry_out
from pipeline.steps import Step, menu
from pipeline.testing import promised
from tests.chaos.machines.races import at_once, deal

WORKERS = 6


def cross_menu(restaurant: Restaurant) -> None:
    """
    Two dishes of the same two ingredients, written down in opposite orders.
    """
    item = MenuItem.objects.create(restaurant=restaurant, code="cross", name="Cross")
    pair = [Ingredient.objects.create(restaurant=restaurant, name=name) for name in ("Flour", "Salt")]
    for size, ingredients in (("S", pair), ("L", pair[::-1])):
        variant = Variant.objects.create(item=item, size=size, price_minor=1000)
        variant.recipe = Recipe.objects.create(variant=variant)
        variant.save(update_fields=["recipe"])
        for ingredient in ingredients:
            RecipeLine.objects.create(recipe=variant.recipe, ingredient=ingredient, quantity=10)


class TestLedgersAtOnce(TransactionTestCase):
    def carry_out_at_once(self, step: Step, orders: list[Order]) -> None:
        """
        Each worker gets a message with its share of the orders, and every message comes twice.
        """
        ids = [order.pk for order in orders]
        promised(step, *ids)
        works = [lambda hand=hand: carry_out(step, hand) for hand in deal(ids, WORKERS)] * 2
        at_once(works)
        runs = Counter(StepRun.objects.filter(step=step.name).values_list("state", "attempts"))
        # A deadlock would have cost the loser a second attempt, or its neighbours their company.
        self.assertEqual(runs, {(State.DONE, 1): len(ids)})
        self.assertFalse(StepEvent.objects.exists())

    def test_take_the_last_of_an_ingredient_and_go_below_zero_by_what_was_eaten(self):
        restaurant = make_restaurant()
        cross_menu(restaurant)
        open_stock(dict.fromkeys(Ingredient.objects.values_list("pk", flat=True), 100))
        orders = [
            make_order(restaurant=restaurant, lines=(("S", 1, ""), ("L", 2, ""))[:: 1 if number % 2 else -1])
            for number in range(36)
        ]

        self.carry_out_at_once(menu.find("update_inventory_levels"), orders)

        for stock in Stock.objects.all():
            moved = StockMovement.objects.filter(ingredient=stock.ingredient_id).aggregate(Sum("quantity"))
            self.assertEqual(stock.on_hand, 100 - 36 * 3 * 10)
            self.assertEqual(stock.on_hand, moved["quantity__sum"])
            self.assertIsNotNone(stock.negative_since)

    def test_credit_the_members_of_many_orders_to_the_last_point(self):
        restaurant = make_restaurant()
        mails = itertools.cycle(["ada@example.com", "bob@example.com", "eve@example.com"])
        orders = [
            make_order(restaurant=restaurant, member=True, customer_email=next(mails)) for _ in range(36)
        ]

        self.carry_out_at_once(menu.find("process_loyalty_rewards"), orders)

        self.assertEqual(LoyaltyBalance.objects.count(), 3)
        for balance in LoyaltyBalance.objects.all():
            earned = LoyaltyEntry.objects.filter(member=balance.member_id)
            self.assertEqual(earned.count(), 12)
            self.assertEqual(balance.points, earned.aggregate(Sum("points"))["points__sum"])

    def test_count_the_sales_of_the_same_hours_to_the_last_cent(self):
        restaurants = [make_restaurant() for _ in range(3)]
        orders = [make_order(restaurant=restaurants[number % 3]) for number in range(36)]

        self.carry_out_at_once(menu.find("record_payment_analytics"), orders)

        for hour in HourlySales.objects.all():
            facts = SaleFact.objects.filter(restaurant=hour.restaurant_id, hour_utc=hour.hour_utc)
            self.assertEqual((hour.orders, facts.count()), (12, 12))
            self.assertEqual(hour.total_minor, facts.aggregate(Sum("total_minor"))["total_minor__sum"])
