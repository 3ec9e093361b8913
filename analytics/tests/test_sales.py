from datetime import UTC, date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.test import TestCase

from analytics import sales
from analytics.models import HourlySales, SaleFact
from orders.models import Order, ServiceType
from orders.testing import make_order, make_restaurant


def paid_at(moment, **order):
    made = make_order(**order)
    Order.objects.filter(pk=made.pk).update(paid_at=moment)
    made.refresh_from_db()
    return made


class TestSales(TestCase):
    def test_are_counted_with_all_their_amounts(self):
        order = make_order(restaurant=make_restaurant(tax_ppm=100_000), discount_minor=350, tip_minor=200)

        sales.record(order_ids=[order.pk])

        fact = SaleFact.objects.get()
        self.assertEqual(
            (
                fact.subtotal_minor,
                fact.discount_minor,
                fact.tax_minor,
                fact.tip_minor,
                fact.total_minor,
                fact.items,
            ),
            (5350, 350, 500, 200, 5700, 3),
        )

    def test_add_up_by_the_hour_over_several_batches(self):
        restaurant = make_restaurant()
        orders = [make_order(restaurant=restaurant) for _ in range(7)]

        sales.record(order_ids=[order.pk for order in orders[:5]])
        sales.record(order_ids=[order.pk for order in orders[5:]])

        hour = HourlySales.objects.get()
        self.assertEqual((hour.orders, hour.items), (7, 21))
        self.assertEqual(hour.total_minor, SaleFact.objects.aggregate(sum=Sum("total_minor"))["sum"])

    def test_of_different_kinds_are_kept_apart(self):
        restaurant = make_restaurant()
        for service_type in ServiceType:
            sales.record(order_ids=[make_order(restaurant=restaurant, service_type=service_type).pk])
        sales.record(order_ids=[make_order(restaurant=make_restaurant(currency="EUR")).pk])

        self.assertEqual(HourlySales.objects.count(), 4)

    def test_belong_to_the_business_day_of_the_restaurants_own_clock(self):
        restaurant = make_restaurant(time_zone="America/New_York", business_day_starts_at_hour=4)
        past_midnight = paid_at(datetime(2026, 6, 2, 7, 59, tzinfo=UTC), restaurant=restaurant)
        in_the_morning = paid_at(datetime(2026, 6, 2, 8, 0, tzinfo=UTC), restaurant=restaurant)

        reports = sales.record(order_ids=[past_midnight.pk, in_the_morning.pk])

        found = dict(SaleFact.objects.values_list("order_id", "business_date"))
        self.assertEqual(found, {past_midnight.pk: date(2026, 6, 1), in_the_morning.pk: date(2026, 6, 2)})
        self.assertEqual(reports[past_midnight.pk], {"business_date": "2026-06-01"})
        self.assertEqual(restaurant.business_date(past_midnight.paid_at), date(2026, 6, 1))

    def test_of_the_hour_that_comes_twice_are_two_hours(self):
        restaurant = make_restaurant(time_zone="America/New_York")
        for hour in (5, 6):  # 01:30 twice on 1 November 2026
            order = paid_at(datetime(2026, 11, 1, hour, 30, tzinfo=UTC), restaurant=restaurant)
            sales.record(order_ids=[order.pk])

        self.assertEqual(HourlySales.objects.count(), 2)

    def test_are_not_made_of_orders_that_are_not_paid(self):
        for order_id in (make_order(paid=False).pk, 999_999):
            with self.assertRaises(sales.NotPaid):
                sales.record(order_ids=[order_id])

    def test_are_never_counted_twice(self):
        order = make_order()
        sales.record(order_ids=[order.pk])

        with self.assertRaises(IntegrityError), transaction.atomic():
            sales.record(order_ids=[order.pk])

        self.assertEqual(HourlySales.objects.get().orders, 1)
