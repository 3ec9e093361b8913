from django.db import IntegrityError, transaction
from django.test import TestCase

from loyalty import points
from loyalty.models import LoyaltyBalance, LoyaltyEntry
from orders.testing import make_order, make_restaurant


class TestPoints(TestCase):
    def test_are_whole_and_rounded_down(self):
        restaurant = make_restaurant(loyalty_spend_per_point_minor=1000)
        order = make_order(restaurant=restaurant, member=True)  # 53.50

        report = points.award(order_ids=[order.pk])

        self.assertEqual(report, {order.pk: {"points": 5, "pending": False}})

    def test_are_earned_on_the_food_after_the_discount_without_tax_and_tip(self):
        for included, expected in ((False, 50), (True, 45)):
            with self.subTest(prices_include_tax=included):
                restaurant = make_restaurant(tax_ppm=100_000, prices_include_tax=included)
                order = make_order(restaurant=restaurant, discount_minor=350, tip_minor=900, member=True)

                report = points.award(order_ids=[order.pk])

                self.assertEqual(report[order.pk]["points"], expected)

    def test_of_a_member_add_up_in_the_balance(self):
        restaurant = make_restaurant()
        orders = [
            make_order(restaurant=restaurant, member=True, customer_email="m@example.com") for _ in range(4)
        ]

        points.award(order_ids=[order.pk for order in orders[:3]])
        points.award(order_ids=[orders[3].pk])

        balance = LoyaltyBalance.objects.get()
        self.assertEqual(balance.points, sum(entry.points for entry in LoyaltyEntry.objects.all()))
        self.assertEqual(balance.points, 4 * 53)

    def test_of_a_guest_are_pending_under_a_key_that_hides_the_address(self):
        order = make_order(customer_email="Guest@Example.com")
        same_guest = make_order(customer_email="guest@example.com")

        points.award(order_ids=[order.pk, same_guest.pk])

        keys = set(LoyaltyEntry.objects.values_list("guest_key", flat=True))
        self.assertEqual(len(keys), 1)
        self.assertNotIn("@", keys.pop())
        self.assertEqual(LoyaltyBalance.objects.count(), 0)

    def test_are_not_given_where_nobody_can_have_them(self):
        nobody = make_order(customer_email="")
        no_programme = make_order(restaurant=make_restaurant(loyalty_spend_per_point_minor=0))

        report = points.award(order_ids=[nobody.pk, no_programme.pk])

        self.assertEqual(report, {nobody.pk: {"points": 0}, no_programme.pk: {"points": 0}})
        self.assertEqual(LoyaltyEntry.objects.count(), 0)

    def test_are_never_given_twice(self):
        order = make_order(member=True)
        points.award(order_ids=[order.pk])

        with self.assertRaises(IntegrityError), transaction.atomic():
            points.award(order_ids=[order.pk])

        self.assertEqual(LoyaltyBalance.objects.get().points, 53)
