from functools import partial

from django.test import TransactionTestCase

from loyalty import reversals
from loyalty.models import LoyaltyBalance, LoyaltyEntry
from loyalty.tests.test_reversals import awarded, standing
from orders.testing import make_refund, make_restaurant
from orders.tests.at_once import all_at_once, free_while_it_waits, while_open

MEMBERS = 40


def reverse(*refunds):
    return partial(reversals.reverse, refund_ids=[refund.pk for refund in refunds])


class TestReversalsAtOnce(TransactionTestCase):
    def test_of_one_order_follow_each_other(self):
        for member in (True, False):
            with self.subTest(member=member):
                order = awarded(member=member)
                halves = [make_refund(order, minor=2675) for _ in range(2)]

                reports = while_open(reverse(halves[0]), reverse(halves[1]))

                self.assertEqual(
                    [[entry["points"] for entry in report.values()] for report in reports], [[-27], [-26]]
                )
                self.assertEqual(standing(order), 0)

    def test_of_one_order_follow_an_undoing(self):
        order = awarded()
        halves = [make_refund(order, minor=2675) for _ in range(2)]
        reversals.reverse(refund_ids=[halves[0].pk])

        while_open(partial(reversals.undo, refund_ids=[halves[0].pk]), reverse(halves[1]))

        self.assertEqual((standing(order), LoyaltyBalance.objects.get().points), (26, 26))

    def test_of_the_same_members_never_wait_for_each_other_in_a_circle(self):
        restaurant = make_restaurant()
        members = [f"m{number}@example.com" for number in range(MEMBERS)]
        there = [awarded(restaurant=restaurant, customer_email=email) for email in members]
        back = [awarded(restaurant=restaurant, customer_email=email) for email in reversed(members)]

        all_at_once(reverse(*map(make_refund, there)), reverse(*map(make_refund, back)))

        self.assertEqual(
            set(LoyaltyBalance.objects.values_list("points", flat=True)), {0}, "every order was refunded"
        )

    def test_take_balances_and_orders_by_their_ids_so_that_no_circle_can_close(self):
        restaurant = make_restaurant()
        orders = [
            awarded(restaurant=restaurant, customer_email=f"m{number}@example.com")
            for number in range(MEMBERS)
        ]
        earned = LoyaltyEntry.objects.filter(order__in=orders).order_by("order")
        for rows in (earned, LoyaltyBalance.objects.order_by("member")):
            with self.subTest(rows.model.__name__):
                first, *others = rows.values_list("pk", flat=True)
                refunds = [make_refund(order, minor=1) for order in reversed(orders)]

                free = free_while_it_waits(
                    reverse(*refunds), waits_for=rows.filter(pk=first), free=rows.exclude(pk=first)
                )

                self.assertEqual(free, set(others))
