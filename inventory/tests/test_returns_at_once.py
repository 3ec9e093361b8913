from functools import partial

from django.test import TransactionTestCase

from inventory import consumption, returns
from inventory.models import Stock
from inventory.tests.test_returns import OPENED, bar, cooked, on_hand
from orders.models import OrderLine
from orders.testing import make_order, make_refund
from orders.tests.at_once import all_at_once, free_while_it_waits, while_open


class TestReturnsAtOnce(TransactionTestCase):
    DRINKS = tuple(f"Drink {number}" for number in range(30))

    def test_of_one_order_follow_each_other(self):
        order = cooked(restaurant=bar("Cola"))
        halves = [make_refund(order, minor=2675) for _ in range(2)]

        reports = while_open(*(partial(returns.put_back, refund_ids=[half.pk]) for half in halves))

        self.assertEqual(reports, ({halves[0].pk: {"movements": 0}}, {halves[1].pk: {"movements": 2}}))
        self.assertEqual(on_hand(), OPENED)

    def test_of_the_same_drinks_never_wait_for_each_other_in_a_circle(self):
        restaurant = bar(*self.DRINKS)
        orders = [cooked(restaurant=restaurant) for _ in range(20)]
        refunds = [make_refund(order).pk for order in orders]

        all_at_once(
            partial(returns.put_back, refund_ids=refunds[0::2]),
            partial(returns.put_back, refund_ids=refunds[1::2]),
            partial(consumption.deduct, order_ids=[make_order(restaurant=restaurant).pk]),
        )

        drinks = Stock.objects.filter(ingredient__name__startswith="Drink")
        self.assertEqual(set(drinks.values_list("on_hand", flat=True)), {OPENED - 5})

    def test_take_lines_and_drinks_by_their_ids_so_that_no_circle_can_close(self):
        restaurant = bar(*self.DRINKS)
        orders = [cooked(restaurant=restaurant) for _ in range(3)]
        drinks = Stock.objects.filter(ingredient__name__startswith="Drink").order_by("ingredient")
        lines = OrderLine.objects.filter(order__in=orders).order_by("pk")
        for rows in (lines, drinks):
            with self.subTest(rows.model.__name__):
                first, *others = rows.values_list("pk", flat=True)
                refunds = [make_refund(order, minor=5350).pk for order in reversed(orders)]

                free = free_while_it_waits(
                    partial(returns.put_back, refund_ids=refunds),
                    waits_for=rows.filter(pk=first),
                    free=rows.exclude(pk=first),
                )

                self.assertEqual(free, set(others))
                returns.undo(refund_ids=refunds)
