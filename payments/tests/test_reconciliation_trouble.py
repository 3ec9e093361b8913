"""
Reconciliation while Stripe is slow to answer, or does not.
"""

import io

from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings

from devtools.show.crew import any_free_port
from devtools.stripe_sender import events
from orders.testing import make_order
from payments.models import Reconciliation
from payments.stripe_api import ASKED_AT_MOST
from payments.testing import sale_of
from payments.tests.at_stripe import AtStripe


class TestTroubleAtStripe(AtStripe, TestCase):
    def setUp(self):
        super().setUp()
        self.order = make_order(paid=False)
        self.stripe.happened(events.payment_intent_succeeded(sale_of(self.order)))

    def test_is_waited_out_as_long_as_stripe_says(self):
        self.stripe.break_down("rate_limited", times=2, seconds=7)

        report = self.reconcile()

        self.assert_paid_once(self.order)
        self.assertEqual((self.waits, report.because), ([7.0, 7.0], ""))

    def test_that_passes_is_waited_out(self):
        for how in ({"mode": "server_error", "status": 503}, {"mode": "hang_up"}, {"mode": "html"}):
            self.stripe.break_down(**how, times=1)

        report = self.reconcile()

        self.assertEqual((len(report.orders), self.waits), (1, [1.0, 2.0, 4.0]))

    def test_that_stays_is_said_with_its_remedy(self):
        for how, remedy in (
            ({"mode": "rate_limited", "seconds": 1}, "too much is asked of it"),
            ({"mode": "server_error"}, "status.stripe.com"),
            ({"mode": "hang_up"}, "Stripe cannot be reached."),
        ):
            with self.subTest(how):
                self.waits = []
                self.stripe.break_down(**how)

                report = self.reconcile()
                self.stripe.mend()

                self.assertIn(remedy, report.because)
                self.assertEqual(len(self.waits), ASKED_AT_MOST - 1)
                self.assertIn(remedy, Reconciliation.objects.latest("pk").because)

    def test_is_not_waited_for_longer_than_a_minute(self):
        self.stripe.break_down("rate_limited", seconds=3600)

        report = self.reconcile()

        self.assertEqual((self.waits, bool(report.because)), ([], True))

    def test_in_the_midst_keeps_what_was_found_before(self):
        self.stripe.break_down("server_error", path="/v1/checkout/sessions")

        report = self.reconcile()

        self.assert_paid_once(self.order)
        self.assertIn("status 500", report.because)
        self.assertEqual(Reconciliation.objects.get().repaired_orders, 1)

    def test_with_the_key_is_said_at_once(self):
        for key, remedy in (
            ("sk_test_rolled", "it may have been rolled"),
            ("", "STRIPE_SECRET_KEY is not set"),
        ):
            with self.subTest(key), override_settings(STRIPE_SECRET_KEY=key):
                error = self.command_error()

                self.assertIn(remedy, error)
                self.assertNotIn("rolled_", error)
        self.assertEqual(self.waits, [])

    def test_with_the_way_there_is_an_error_of_the_command(self):
        with override_settings(STRIPE_API_BASE=f"http://127.0.0.1:{any_free_port()}"):
            report = self.reconcile()

        self.assertIn("Stripe cannot be reached.", report.because)

    def command_error(self):
        with self.assertRaises(CommandError) as error:
            call_command("reconcile_payments", stdout=io.StringIO())
        return str(error.exception)
