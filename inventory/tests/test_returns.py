from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.test import TestCase
from hypothesis import given, settings
from hypothesis.extra.django import TestCase as PropertyTestCase

from inventory import consumption, returns
from inventory.deliveries import open_stock
from inventory.models import Stock, StockMovement
from orders.models import Ingredient, RecipeLine, Refund
from orders.models.menu import Unit
from orders.testing import make_menu, make_order, make_refund, make_restaurant
from orders.tests.refund_stories import stories

OPENED = 10


def bar(*drinks):
    """
    A restaurant where the small pizza comes with one closed bottle of each drink, and the large one with two.
    """
    restaurant = make_restaurant()
    for size, variant in make_menu(restaurant).items():
        for name in drinks:
            drink, _ = Ingredient.objects.get_or_create(
                restaurant=restaurant, name=name, unit=Unit.PIECE, returns_to_stock=True
            )
            RecipeLine.objects.create(
                recipe=variant.recipe, ingredient=drink, quantity={"S": 1, "L": 2}[size]
            )
    open_stock(dict.fromkeys(Ingredient.objects.values_list("pk", flat=True), OPENED))
    return restaurant


def cooked(**order):
    """
    An order of one small and two large pizzas, that is five bottles of each drink.
    """
    made = make_order(**order)
    consumption.deduct(order_ids=[made.pk])
    return made


def on_hand(name="Cola"):
    return Stock.objects.get(ingredient__name=name).on_hand


class TestReturns(TestCase):
    def setUp(self):
        self.order = cooked(restaurant=bar("Cola"))

    def refunds(self, *amounts):
        return [make_refund(self.order, minor=minor) for minor in amounts]

    def test_put_back_what_is_not_cooked_and_leave_what_is(self):
        refund = make_refund(self.order)
        dough = on_hand("Dough")

        report = returns.put_back(refund_ids=[refund.pk])

        self.assertEqual(report, {refund.pk: {"movements": 2}})
        self.assertEqual((on_hand(), on_hand("Dough")), (OPENED, dough))

    def test_move_nothing_for_a_part(self):
        (part,) = self.refunds(5349)

        report = returns.put_back(refund_ids=[part.pk])

        self.assertEqual(report, {part.pk: {"movements": 0}})
        self.assertEqual(on_hand(), OPENED - 5)

    def test_come_with_the_part_that_makes_it_whole(self):
        first, last, more = self.refunds(2000, 3350, 1)

        report = returns.put_back(refund_ids=[first.pk, last.pk, more.pk])

        self.assertEqual(
            report, {first.pk: {"movements": 0}, last.pk: {"movements": 2}, more.pk: {"movements": 0}}
        )
        self.assertEqual(on_hand(), OPENED)

    def test_are_undone_when_the_refund_failed(self):
        refund = make_refund(self.order)
        returns.put_back(refund_ids=[refund.pk])

        report = returns.undo(refund_ids=[refund.pk])

        self.assertEqual(report, {refund.pk: {"movements": 2}})
        self.assertEqual(on_hand(), OPENED - 5)

    def test_come_once_however_often_the_order_becomes_whole(self):
        first, last, instead = self.refunds(2000, 3350, 2000)
        returns.put_back(refund_ids=[first.pk, last.pk])

        returns.undo(refund_ids=[first.pk])
        in_part = on_hand()
        returns.put_back(refund_ids=[instead.pk])

        self.assertEqual((in_part, on_hand()), (OPENED - 5, OPENED))

    def test_stay_while_another_refund_pays_for_all(self):
        failing, again = self.refunds(5350, 5350)
        returns.put_back(refund_ids=[failing.pk])
        returns.put_back(refund_ids=[again.pk])

        report = returns.undo(refund_ids=[failing.pk])

        self.assertEqual((report[failing.pk], on_hand()), ({"movements": 0}, OPENED))

    def test_are_undone_by_what_came_back_whatever_is_said_of_the_ingredient_now(self):
        refund = make_refund(self.order)
        returns.put_back(refund_ids=[refund.pk])
        Ingredient.objects.filter(name="Cola").update(returns_to_stock=False)
        Ingredient.objects.filter(name="Dough").update(returns_to_stock=True)
        dough = on_hand("Dough")

        returns.undo(refund_ids=[refund.pk])

        self.assertEqual((on_hand(), on_hand("Dough")), (OPENED - 5, dough))

    def test_are_not_undone_once_more_where_nothing_came_back_since(self):
        once, again = self.refunds(5350, 5350)
        returns.put_back(refund_ids=[once.pk])
        returns.undo(refund_ids=[once.pk])
        Ingredient.objects.update(returns_to_stock=False)
        returns.put_back(refund_ids=[again.pk])

        report = returns.undo(refund_ids=[again.pk])

        self.assertEqual((report, on_hand()), ({again.pk: {"movements": 0}}, OPENED - 5))

    def test_are_not_undone_where_none_was_noted_nor_made_in_another_currency(self):
        (refund,) = self.refunds(5350)

        with self.assertRaises(returns.NotPutBack):
            returns.undo(refund_ids=[refund.pk])
        Refund.objects.update(currency="EUR")
        with self.assertRaises(returns.NotPutBack):
            returns.put_back(refund_ids=[refund.pk])

        self.assertEqual(on_hand(), OPENED - 5)

    def test_are_never_made_twice(self):
        for amount, left in ((1, OPENED - 5), (5350, OPENED)):
            (refund,) = self.refunds(amount)
            for change, back in ((returns.put_back, left), (returns.undo, OPENED - 5)):
                with self.subTest(change.__name__, amount=amount):
                    change(refund_ids=[refund.pk])

                    with self.assertRaises(IntegrityError), transaction.atomic():
                        change(refund_ids=[refund.pk])

                    self.assertEqual(on_hand(), back)


class TestNegativeStock(TestCase):
    def test_is_flagged_only_as_long_as_it_is_negative(self):
        restaurant = bar("Cola")
        orders = [cooked(restaurant=restaurant) for _ in range(3)]  # 15 of 10 bottles
        since = Stock.objects.get(ingredient__name="Cola").negative_since
        refund = make_refund(orders[1])

        returns.put_back(refund_ids=[refund.pk])
        full = Stock.objects.get(ingredient__name="Cola")
        returns.undo(refund_ids=[refund.pk])
        empty = Stock.objects.get(ingredient__name="Cola")

        self.assertEqual((full.on_hand, full.negative_since), (0, None))
        self.assertEqual(empty.on_hand, -5)
        self.assertGreater(empty.negative_since, since)

    def test_keeps_its_moment_while_it_only_becomes_less(self):
        restaurant = bar("Cola")
        orders = [cooked(restaurant=restaurant) for _ in range(4)]  # 20 of 10 bottles
        since = Stock.objects.get(ingredient__name="Cola").negative_since

        returns.put_back(refund_ids=[make_refund(orders[0]).pk])

        cola = Stock.objects.get(ingredient__name="Cola")
        self.assertEqual((cola.on_hand, cola.negative_since), (-5, since))


class TestManyReturns(PropertyTestCase):
    @settings(max_examples=40, deadline=None)
    @given(story=stories(totals=(5350, 1200)))
    def test_leave_back_exactly_what_is_refunded_in_full(self, story):
        restaurant = bar("Cola")
        orders = [cooked(restaurant=restaurant), cooked(restaurant=restaurant, lines=[("S", 1, "")])]
        refunds = story.refunds(orders)
        for (verb, parts), refunded in zip(story.acts, story.standing(), strict=True):
            change = returns.put_back if verb == "refund" else returns.undo

            change(refund_ids=[refunds[part].pk for part in parts])

            gone = 0
            for number, order, bottles in ((0, orders[0], 5), (1, orders[1], 1)):
                back = sum(minor for part in refunded for of, minor in [story.parts[part]] if of == number)
                gone += bottles if back < order.total_minor else 0
            self.assertEqual(on_hand(), OPENED - gone)
            self.assert_stock_is_the_sum_of_its_movements()

    def assert_stock_is_the_sum_of_its_movements(self):
        moved = StockMovement.objects.values_list("ingredient").annotate(sum=Sum("quantity"))
        self.assertEqual(set(Stock.objects.values_list("ingredient", "on_hand")), set(moved))
