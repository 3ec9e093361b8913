from functools import partial

from django.test import TransactionTestCase

from inventory import consumption, returns
from inventory.models import Stock
from inventory.tests.test_returns import OPENED, bar, cooked, on_hand
from orders.testing import make_order, make_refund
from orders.tests.at_once import all_at_once, while_open


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
