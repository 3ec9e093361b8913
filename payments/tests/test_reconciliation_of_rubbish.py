"""
Reconciliation where one thing at Stripe cannot be taken in: its neighbours are, and it is said.
"""

import io
from concurrent.futures import ThreadPoolExecutor

from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase

from devtools.stripe_sender import events
from orders.models import Order
from orders.testing import make_order
from payments.models import Reconciliation
from payments.testing import sale_of
from payments.tests.at_stripe import AtStripe


class TestOneThingThatCannotBeTakenIn(AtStripe, TestCase):
    def setUp(self):
        super().setUp()
        self.order, self.other = make_order(paid=False), make_order(paid=False)

    def assert_left(self, report, why):
        self.assert_paid_once(self.order)
        self.assertEqual((len(report.orders), list(report.left.values())), (1, [why]))
        run = Reconciliation.objects.latest("pk")
        self.assertIsNotNone(run.ended_at)
        self.assertIn(why, run.because)

    def test_is_an_event_without_what_it_is_about(self):
        broken = events.payment_intent_succeeded(sale_of(self.other))
        del broken["data"]["object"]["currency"]
        self.stripe.happened(events.payment_intent_succeeded(sale_of(self.order)), broken)

        del broken["data"]["object"]["status"]  # its object is unreadable, too: both are said

        report = self.reconcile()

        self.assert_paid_once(self.order)
        self.assertEqual(report.left[broken["id"]], "NoEvent")
        self.assertEqual((len(report.orders), len(report.left)), (1, 2))

    def test_is_an_event_that_the_database_will_not_have(self):
        self.stripe.happened(events.payment_intent_succeeded(sale_of(self.order)))
        refused = events.payment_intent_payment_failed(sale_of(self.other))
        refused["data"]["object"]["metadata"]["order_id"] = "\ud800"  # no text of PostgreSQL's
        self.stripe.happened(refused)

        self.assert_left(self.reconcile(), "DataError")

    def test_is_an_object_of_another_shape(self):
        odd, good = (
            events.payment_intent_succeeded(sale_of(order))["data"]["object"]
            for order in (self.other, self.order)
        )
        del odd["status"]
        self.stripe.holds(odd, good)

        self.assert_left(self.reconcile(), "KeyError")

    def test_is_said_by_the_command_in_place_of_nothing_was_missed(self):
        odd = events.payment_intent_succeeded(sale_of(self.other))["data"]["object"]
        del odd["status"]
        self.stripe.holds(odd)

        with self.assertRaisesRegex(CommandError, r"Nothing else was missed.* pi_\w+ \(KeyError\)"):
            call_command("reconcile_payments", stdout=io.StringIO())


class TestLockedOrder(AtStripe, TransactionTestCase):
    def test_makes_the_run_incomplete_and_not_its_neighbours(self):
        locked, free = make_order(paid=False), make_order(paid=False)
        self.stripe.happened(*(events.payment_intent_succeeded(sale_of(order)) for order in (free, locked)))

        with ThreadPoolExecutor(1) as crew, transaction.atomic():
            Order.objects.select_for_update().get(pk=locked.pk)
            report = crew.submit(impatiently, self.reconcile).result(timeout=60)

        self.assert_paid_once(free)
        self.assertIn("OperationalError", report.because)
        self.assertEqual(self.reconcile().because, "")
        self.assert_paid_once(locked)


def impatiently(work):
    """
    Work in a thread, over a connection that waits for no lock.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        return work()
    finally:
        connection.close()
