from django.db import IntegrityError, transaction
from django.test import TestCase

from inventory import consumption
from inventory.deliveries import open_stock
from inventory.models import Stock, StockMovement
from orders.models import Ingredient, Recipe, RecipeLine, Variant
from orders.testing import make_menu, make_order, make_restaurant


class TestConsumption(TestCase):
    def setUp(self):
        self.restaurant = make_restaurant()
        make_menu(self.restaurant)
        self.dough = Ingredient.objects.get(name="Dough")
        self.cheese = Ingredient.objects.get(name="Mozzarella")
        open_stock({self.dough.pk: 10_000_000, self.cheese.pk: 1_000_000})

    def on_hand(self, ingredient):
        return Stock.objects.get(ingredient=ingredient).on_hand

    def test_takes_each_portion_by_its_recipe_and_size(self):
        order = make_order(restaurant=self.restaurant, lines=[("S", 1, ""), ("L", 2, "")])

        report = consumption.deduct(order_ids=[order.pk])

        self.assertEqual(self.on_hand(self.dough), 10_000_000 - 200_000 - 2 * 400_000)
        self.assertEqual(self.on_hand(self.cheese), 1_000_000 - 80_000 - 2 * 160_000)
        self.assertEqual(report, {order.pk: {"movements": 4}})

    def test_explains_every_change_by_a_movement(self):
        orders = [make_order(restaurant=self.restaurant) for _ in range(5)]

        consumption.deduct(order_ids=[order.pk for order in orders])

        for stock in Stock.objects.all():
            moved = sum(
                StockMovement.objects.filter(ingredient=stock.ingredient).values_list("quantity", flat=True)
            )
            self.assertEqual(stock.on_hand, moved)

    def test_goes_by_the_recipe_of_the_moment_of_ordering(self):
        order = make_order(restaurant=self.restaurant, lines=[("S", 1, "")])
        variant = Variant.objects.get(size="S")
        variant.recipe = Recipe.objects.create(variant=variant, version=2)
        variant.save()
        RecipeLine.objects.create(recipe=variant.recipe, ingredient=self.dough, quantity=9_000_000)

        consumption.deduct(order_ids=[order.pk])

        self.assertEqual(self.on_hand(self.dough), 9_800_000)

    def test_goes_below_zero_and_flags_it_for_the_guest_has_paid(self):
        order = make_order(restaurant=self.restaurant, lines=[("L", 10, "")])

        consumption.deduct(order_ids=[order.pk])

        cheese = Stock.objects.get(ingredient=self.cheese)
        self.assertEqual(cheese.on_hand, -600_000)
        self.assertIsNotNone(cheese.negative_since)
        self.assertIsNone(Stock.objects.get(ingredient=self.dough).negative_since)

    def test_keeps_the_moment_at_which_the_stock_went_negative(self):
        first, second = (make_order(restaurant=self.restaurant, lines=[("L", 10, "")]) for _ in range(2))
        consumption.deduct(order_ids=[first.pk])
        since = Stock.objects.get(ingredient=self.cheese).negative_since

        consumption.deduct(order_ids=[second.pk])

        self.assertEqual(Stock.objects.get(ingredient=self.cheese).negative_since, since)

    def test_never_takes_twice(self):
        order = make_order(restaurant=self.restaurant)
        consumption.deduct(order_ids=[order.pk])
        before = self.on_hand(self.dough)

        with self.assertRaises(IntegrityError), transaction.atomic():
            consumption.deduct(order_ids=[order.pk])

        self.assertEqual(self.on_hand(self.dough), before)
