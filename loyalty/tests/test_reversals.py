from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.test import TestCase
from hypothesis import given, settings
from hypothesis.extra.django import TestCase as PropertyTestCase

from loyalty import points, reversals
from loyalty.models import LoyaltyBalance, LoyaltyEntry
from orders.models import Refund, Restaurant
from orders.testing import make_order, make_refund, make_restaurant
from orders.tests.refund_stories import stories


def awarded(**order):
    """
    An order of 53.50 that earned 53 points, unless said otherwise.
    """
    made = make_order(**{"member": True, **order})
    points.award(order_ids=[made.pk])
    return made


def standing(order):
    return LoyaltyEntry.objects.filter(order=order).aggregate(sum=Sum("points"))["sum"]


class TestReversals(TestCase):
    def test_take_the_share_of_the_points_that_went_back_of_the_total(self):
        order = awarded()
        refund = make_refund(order, minor=1000)

        report = reversals.reverse(refund_ids=[refund.pk])

        left = 53 * 4350 // 5350
        self.assertEqual(report, {refund.pk: {"points": left - 53, "pending": False}})
        self.assertEqual(LoyaltyBalance.objects.get().points, left)

    def test_of_everything_in_parts_take_exactly_what_was_earned(self):
        order = awarded(tip_minor=777)
        parts = [make_refund(order, minor=minor) for minor in (1, 1999, 2000)]
        rest = make_refund(order)

        reversals.reverse(refund_ids=[rest.pk, parts[1].pk])
        reversals.reverse(refund_ids=[parts[2].pk])
        reversals.reverse(refund_ids=[parts[0].pk])

        self.assertEqual((standing(order), LoyaltyBalance.objects.get().points), (0, 0))

    def test_go_by_what_was_earned_whatever_the_rate_is_now(self):
        order = awarded()
        refund = make_refund(order, minor=5350 // 2)
        Restaurant.objects.update(loyalty_spend_per_point_minor=7)

        reversals.reverse(refund_ids=[refund.pk])

        self.assertEqual(standing(order), 53 // 2)

    def test_work_where_a_currency_has_no_smaller_unit(self):
        restaurant = make_restaurant(currency="JPY", loyalty_spend_per_point_minor=1000)
        order = awarded(restaurant=restaurant)  # ¥5350
        refunds = [make_refund(order, minor=minor) for minor in (1, 5349)]

        report = reversals.reverse(refund_ids=[refund.pk for refund in refunds])

        self.assertEqual([report[refund.pk]["points"] for refund in refunds], [-1, -4])

    def test_of_a_guest_are_entered_under_the_same_key(self):
        order = awarded(member=False)

        report = reversals.reverse(refund_ids=[make_refund(order).pk])

        keys = set(LoyaltyEntry.objects.values_list("guest_key", flat=True))
        self.assertEqual([entry["pending"] for entry in report.values()], [True])
        self.assertEqual((len(keys), standing(order), LoyaltyBalance.objects.count()), (1, 0, 0))

    def test_may_leave_a_balance_below_zero_for_the_points_are_spent(self):
        order = awarded()
        LoyaltyBalance.objects.update(points=3)

        reversals.reverse(refund_ids=[make_refund(order).pk])

        self.assertEqual(LoyaltyBalance.objects.get().points, -50)

    def test_take_nothing_where_nothing_was_earned(self):
        refund = make_refund(awarded(customer_email="", member=False))

        taken = reversals.reverse(refund_ids=[refund.pk])
        given_back = reversals.undo(refund_ids=[refund.pk])

        self.assertEqual([taken, given_back], [{refund.pk: {"points": 0}}] * 2)
        self.assertEqual(LoyaltyEntry.objects.count(), 0)

    def test_are_undone_when_the_refund_failed(self):
        order = awarded()
        part, rest = make_refund(order, minor=2000), make_refund(order, minor=3350)
        reversals.reverse(refund_ids=[part.pk, rest.pk])

        reversals.undo(refund_ids=[part.pk])
        after_one = standing(order)
        reversals.undo(refund_ids=[rest.pk])

        self.assertEqual((after_one, standing(order)), (53 * 2000 // 5350, 53))

    def test_are_not_undone_where_none_was(self):
        refund = make_refund(awarded())

        with self.assertRaises(reversals.NotReversed):
            reversals.undo(refund_ids=[refund.pk])

    def test_do_not_count_money_of_another_currency(self):
        refund = make_refund(awarded())
        Refund.objects.update(currency="EUR")

        with self.assertRaises(reversals.NotReversed):
            reversals.reverse(refund_ids=[refund.pk])

    def test_are_never_made_twice(self):
        order = awarded()
        refund = make_refund(order)
        for change, left in ((reversals.reverse, 0), (reversals.undo, 53)):
            with self.subTest(change.__name__):
                change(refund_ids=[refund.pk])

                with self.assertRaises(IntegrityError), transaction.atomic():
                    change(refund_ids=[refund.pk])

                self.assertEqual((standing(order), LoyaltyBalance.objects.get().points), (left, left))


class TestManyReversals(PropertyTestCase):
    @settings(max_examples=40, deadline=None)
    @given(story=stories(totals=(5350, 1200)))
    def test_always_leave_the_share_of_what_was_earned(self, story):
        restaurant = make_restaurant(loyalty_spend_per_point_minor=7)
        orders = [
            awarded(restaurant=restaurant, customer_email="m@example.com"),
            awarded(restaurant=restaurant, customer_email="m@example.com", lines=[("S", 1, "")]),
        ]
        refunds = story.refunds(orders)
        for (verb, parts), refunded in zip(story.acts, story.standing(), strict=True):
            change = reversals.reverse if verb == "refund" else reversals.undo

            change(refund_ids=[refunds[part].pk for part in parts])

            for number, order in enumerate(orders):
                back = sum(minor for part in refunded for of, minor in [story.parts[part]] if of == number)
                left = order.total_minor - min(back, order.total_minor)
                self.assertEqual(standing(order), order.total_minor // 7 * left // order.total_minor)
            self.assertEqual(LoyaltyBalance.objects.get().points, sum(standing(order) for order in orders))
