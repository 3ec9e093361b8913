from datetime import timedelta
from functools import partial

from django.test import TransactionTestCase

from analytics import refunds
from analytics.models import HourlySales
from analytics.tests.test_refunds import refunded_at, sold
from orders.testing import NOON
from orders.tests.at_once import all_at_once, free_while_it_waits

HOURS = [NOON + timedelta(hours=number) for number in range(40)]


class TestRefundsAtOnce(TransactionTestCase):
    def setUp(self):
        order = sold()
        self.there = [refunded_at(hour, order, minor=1).pk for hour in HOURS]
        self.back = [refunded_at(hour, order, minor=1).pk for hour in reversed(HOURS)]

    def test_of_the_same_hours_never_wait_for_each_other_in_a_circle(self):
        all_at_once(*(partial(refunds.record, refund_ids=batch) for batch in (self.there, self.back)))

        sums = HourlySales.objects.values_list("refunds", "refunded_minor")
        self.assertEqual((sums.count(), set(sums)), (len(HOURS), {(2, 2)}))

    def test_take_the_hours_in_their_order_so_that_no_circle_can_close(self):
        refunds.record(refund_ids=self.there)

        free = free_while_it_waits(
            partial(refunds.record, refund_ids=self.back),
            waits_for=HourlySales.objects.filter(hour_utc=NOON),
            free=HourlySales.objects.exclude(hour_utc=NOON),
        )

        self.assertEqual(len(free), len(HOURS) - 1)
