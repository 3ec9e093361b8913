from datetime import UTC, date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.test import TestCase
from hypothesis import given, settings
from hypothesis.extra.django import TestCase as PropertyTestCase

from analytics import refunds, sales
from analytics.models import HourlySales, RefundFact
from orders.models import Refund, ServiceType
from orders.testing import NOON, make_order, make_refund, make_restaurant
from orders.tests.refund_stories import stories


def sold(**order):
    made = make_order(**order)
    sales.record(order_ids=[made.pk])
    return made


def refunded_at(moment, order, **how):
    made = make_refund(order, **how)
    Refund.objects.filter(pk=made.pk).update(refunded_at=moment)
    return made


def failed_at(moment, refund):
    Refund.objects.filter(pk=refund.pk).update(status="failed", failed_at=moment)
    return refund


def totals(rows=HourlySales.objects):
    """
    What was sold and what went back, by restaurant and currency.
    """
    sums = rows.values_list("restaurant", "currency").annotate(
        sold=Sum("total_minor"), back=Sum("refunded_minor")
    )
    return {key: (sold, back) for *key_parts, sold, back in sums for key in [tuple(key_parts)]}


class TestRefunds(TestCase):
    def test_count_in_the_hour_and_on_the_day_on_which_the_money_left(self):
        order = sold()
        two_days_later = NOON + timedelta(days=2, minutes=59)
        refund = refunded_at(two_days_later, order, minor=1000)

        report = refunds.record(refund_ids=[refund.pk])

        self.assertEqual(report, {refund.pk: {"business_date": "2026-06-03"}})
        fact = RefundFact.objects.get()
        self.assertEqual((fact.amount_minor, fact.business_date), (-1000, date(2026, 6, 3)))
        hours = HourlySales.objects.order_by("hour_utc").values_list(
            "hour_utc", "orders", "total_minor", "refunds", "refunded_minor"
        )
        self.assertEqual(list(hours), [(NOON, 1, 5350, 0, 0), (NOON + timedelta(days=2), 0, 0, 1, 1000)])

    def test_belong_to_the_business_day_of_the_restaurants_own_clock(self):
        restaurant = make_restaurant(time_zone="America/New_York", business_day_starts_at_hour=4)
        order = sold(restaurant=restaurant)
        late = refunded_at(datetime(2026, 6, 2, 7, 59, tzinfo=UTC), order, minor=1)
        early = refunded_at(datetime(2026, 6, 2, 8, 0, tzinfo=UTC), order, minor=1)

        report = refunds.record(refund_ids=[late.pk, early.pk])

        self.assertEqual(
            report, {late.pk: {"business_date": "2026-06-01"}, early.pk: {"business_date": "2026-06-02"}}
        )

    def test_add_up_within_an_hour_that_has_sales_too(self):
        restaurant = make_restaurant()
        orders = [sold(restaurant=restaurant) for _ in range(3)]
        back = [make_refund(order, minor=minor) for order in orders[:2] for minor in (100, 50)]

        refunds.record(refund_ids=[refund.pk for refund in back])
        sales.record(order_ids=[make_order(restaurant=restaurant).pk])

        hour = HourlySales.objects.get()
        self.assertEqual((hour.orders, hour.refunds, hour.refunded_minor), (4, 4, 300))
        self.assertEqual(hour.net_minor, 4 * 5350 - 300)

    def test_that_failed_come_back_in_the_hour_in_which_they_failed(self):
        order = sold()
        refund = make_refund(order, minor=1000)
        refunds.record(refund_ids=[refund.pk])
        failed_at(NOON + timedelta(days=30), refund)

        report = refunds.undo(refund_ids=[refund.pk])

        self.assertEqual(report, {refund.pk: {"business_date": "2026-07-01"}})
        hours = HourlySales.objects.order_by("hour_utc").values_list("refunds", "refunded_minor")
        self.assertEqual(list(hours), [(1, 1000), (-1, -1000)])
        self.assertEqual(sum(hour.net_minor for hour in HourlySales.objects.all()), 5350)

    def test_of_different_kinds_and_currencies_are_kept_apart(self):
        dollars, yen = make_restaurant(), make_restaurant(currency="JPY")
        orders = [sold(restaurant=dollars, service_type=service_type) for service_type in ServiceType]
        orders.append(sold(restaurant=yen))

        refunds.record(refund_ids=[make_refund(order, minor=100).pk for order in orders])

        self.assertEqual(HourlySales.objects.filter(refunded_minor=100).count(), 4)
        self.assertEqual(totals(), {(dollars.pk, "USD"): (3 * 5350, 300), (yen.pk, "JPY"): (5350, 100)})

    def test_in_another_currency_than_the_sale_are_not_taken_from_it(self):
        order = sold()
        refund = make_refund(order, minor=100)
        Refund.objects.update(currency="EUR")

        refunds.record(refund_ids=[refund.pk])

        restaurant = order.restaurant_id
        self.assertEqual(totals(), {(restaurant, "USD"): (5350, 0), (restaurant, "EUR"): (0, 100)})

    def test_count_only_where_the_sale_does(self):
        not_counted = make_refund(make_order())
        not_recorded = failed_at(NOON, make_refund(sold()))
        not_failed = make_refund(sold())
        refunds.record(refund_ids=[not_failed.pk])

        for change, refund in (
            (refunds.record, not_counted), (refunds.undo, not_recorded), (refunds.undo, not_failed),
        ):  # fmt: skip
            with self.assertRaises(refunds.NotCounted):
                change(refund_ids=[refund.pk])

        self.assertEqual(RefundFact.objects.count(), 1)

    def test_are_never_counted_twice(self):
        refund = make_refund(sold(), minor=1000)
        failed_at(NOON, refund)
        for change, left in ((refunds.record, 1000), (refunds.undo, 0)):
            with self.subTest(change.__name__):
                change(refund_ids=[refund.pk])

                with self.assertRaises(IntegrityError), transaction.atomic():
                    change(refund_ids=[refund.pk])

                self.assertEqual(HourlySales.objects.get().refunded_minor, left)


class TestManyRefunds(PropertyTestCase):
    @settings(max_examples=40, deadline=None)
    @given(story=stories(totals=(5350, 5350)))
    def test_always_leave_gross_less_what_went_back(self, story):
        orders = [sold(restaurant=make_restaurant(currency=currency)) for currency in ("USD", "JPY")]
        back = story.refunds(orders)
        for number, refund in enumerate(back):
            moment = NOON + timedelta(minutes=25 * number)
            Refund.objects.filter(pk=refund.pk).update(
                refunded_at=moment, failed_at=moment + timedelta(hours=1)
            )
        for (verb, parts), standing in zip(story.acts, story.standing(), strict=True):
            change = refunds.record if verb == "refund" else refunds.undo

            change(refund_ids=[back[part].pk for part in parts])

            for number, order in enumerate(orders):
                gone = sum(minor for part in standing for of, minor in [story.parts[part]] if of == number)
                self.assertEqual(totals()[order.restaurant_id, order.currency], (5350, gone))
            self.assert_hours_are_those_of_their_facts()

    def assert_hours_are_those_of_their_facts(self):
        key = ("restaurant", "hour_utc", "service_type", "currency")
        facts = RefundFact.objects.values_list(*key).annotate(sum=-Sum("amount_minor"))
        hours = HourlySales.objects.values_list(*key, "refunded_minor")
        self.assertEqual({row for row in hours if row[-1]}, {row for row in facts if row[-1]})
