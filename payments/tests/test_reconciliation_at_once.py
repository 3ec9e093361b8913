"""
Reconciliations beside each other and beside the webhook, on real connections.
"""

import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction
from django.test import TransactionTestCase

from devtools.stripe_sender import events
from orders.testing import make_order, make_restaurant
from payments.models import StripeEvent
from payments.testing import deliver, sale_of
from payments.tests.at_stripe import AtStripe

State = StripeEvent.State


class TestTwoAtOnce(AtStripe, TransactionTestCase):
    def test_book_each_order_once_beside_the_webhook(self):
        restaurant = make_restaurant()
        orders = [make_order(restaurant=restaurant, paid=False) for _ in range(12)]
        told = [events.payment_intent_succeeded(sale_of(order)) for order in orders]
        self.stripe.happened(*told)

        with ThreadPoolExecutor(3) as crew:
            works = [
                crew.submit(closing, self.reconcile),
                crew.submit(closing, self.reconcile),
                crew.submit(closing, lambda: [deliver(event) for event in reversed(told)]),
            ]
            first, second, statuses = (work.result(timeout=60) for work in works)

        self.assertEqual(set(statuses), {200})
        for order in orders:
            self.assert_paid_once(order)
        self.assertEqual(first.orders & second.orders, set())
        self.assertEqual(StripeEvent.objects.filter(state=State.HANDLED).count(), 12)

    def test_wait_for_a_delivery_of_the_same_event_that_is_under_way(self):
        order = make_order(paid=False)
        event = events.payment_intent_succeeded(sale_of(order))
        self.stripe.happened(event)

        with ThreadPoolExecutor(1) as crew:
            with transaction.atomic():
                deliver(event)
                work = crew.submit(closing, self.reconcile)
                self.wait_until_somebody_waits_for_a_lock()
            report = work.result(timeout=30)

        self.assert_paid_once(order)
        self.assertEqual((report.orders, StripeEvent.objects.count()), (set(), 1))

    def wait_until_somebody_waits_for_a_lock(self):
        give_up_at = time.monotonic() + 20
        while time.monotonic() < give_up_at:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_stat_clear_snapshot()")  # within a transaction it is taken once
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
                if cursor.fetchone()[0]:
                    return
            time.sleep(0.02)
        self.fail("nobody waited")


def closing(work):
    """
    Work in a thread, which has a connection of its own.
    """
    try:
        return work()
    finally:
        connection.close()
