"""
`manage.py reconcile_payments`, and the same on a schedule.
"""

import io
from datetime import UTC, datetime, timedelta

from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings

from devtools.stripe_sender import events
from operations.tasks import reconcile_payments_task
from orders.testing import make_order
from payments import reconciliation_history
from payments.models import Reconciliation
from payments.reconciliation import reconcile_on_schedule
from payments.reconciliation_history import OVERLAP
from payments.stripe_api import ASKED_AT_MOST, StripeApi
from payments.testing import deliver, sale_of
from payments.tests.at_stripe import AtStripe


class TestCommand(AtStripe, TestCase):
    def run_it(self, *words):
        out = io.StringIO()
        call_command("reconcile_payments", *words, stdout=out, no_color=True)
        return out.getvalue().splitlines()

    def test_says_what_it_repaired(self):
        for _ in range(2):
            self.stripe.happened(events.payment_intent_succeeded(sale_of(make_order(paid=False))))
        self.stripe.happened(events.payment_intent_succeeded(sale_of(make_order(paid=False), amount=1)))

        said = self.run_it("--since", "2h")

        self.assertEqual(
            said[-1],
            "Repaired 2 orders: the webhook was missed. "
            "1 want a person (admin, Stripe events: in review, unmatched).",
        )
        [line] = [line.split() for line in said if line.startswith("events of money")]
        self.assertEqual(line[3:], ["3", "3", "2", "1", "0", "0", "0"])

    def test_says_that_nothing_was_missed(self):
        self.assertEqual(self.run_it()[-1], "Nothing was missed.")

    def test_says_what_a_dry_run_would_take_in(self):
        self.stripe.happened(events.charge_succeeded(sale_of(make_order(paid=False))))

        self.assertEqual(self.run_it("--dry-run")[-1], "1 was missed. Without --dry-run it is taken in.")

    def test_takes_a_time_in_any_of_its_forms_and_no_nonsense(self):
        for when in ("24h", "90m", "3d", "2026-11-20", "2026-11-20T00:00", "2026-11-20T00:00+02:00"):
            self.assertIn("Since 20", self.run_it("--since", when)[0])
        for when in ("yesterday", "2999-01-01", "5"):
            with self.assertRaisesRegex(CommandError, "is no time|lies in the future"):
                self.run_it("--since", when)


class TestSchedule(AtStripe, TestCase):
    def setUp(self):
        super().setUp()
        self.now = datetime.now(UTC)
        self.lately = int(self.now.timestamp()) - 600

    def on_schedule(self, **how):
        how = {"now": self.now, "within_seconds": 60, **how}
        return reconcile_on_schedule(**how, stripe=StripeApi(wait=self.waits.append))

    def test_repairs_orders_by_a_task_of_the_worker(self):
        order = make_order(paid=False)
        self.stripe.happened(events.payment_intent_succeeded(sale_of(order, created=self.lately)))

        answer = reconcile_payments_task.apply().get()

        self.assert_paid_once(order)
        self.assertEqual(answer, {"missed": 1, "repaired_orders": 1, "because": ""})

    def test_finds_by_its_event_what_was_begun_days_ago_delivered_and_forgotten_since(self):
        began = int(self.now.timestamp()) - 3 * 86400
        order, paid, refunded = (make_order(paid=False) for _ in range(3))
        old = [sale_of(each, created=began) for each in (order, paid, refunded)]
        deliver(events.payment_intent_succeeded(old[1]))
        deliver(events.payment_intent_succeeded(old[2]))
        for event in (
            events.payment_intent_succeeded(old[0], created=self.lately),
            events.charge_dispute_closed(old[1], created=self.lately),
            events.refund_failed(old[2], created=self.lately),
        ):
            self.stripe.happened(event, delivered=True)
            self.stripe.holds(event["data"]["object"] | {"created": began})

        report = self.on_schedule()

        self.assert_paid_once(order)
        self.assertEqual((report.missed, report.because), (3, ""))
        self.assertEqual(self.on_schedule().missed, 0)

    def test_finds_by_their_objects_what_was_delivered_and_forgotten_since(self):
        order = make_order(paid=False)
        event = events.payment_intent_succeeded(sale_of(order, created=self.lately))
        self.stripe.happened(event, delivered=True)  # to a database that was since restored from a backup

        self.on_schedule()

        self.assert_paid_once(order)

    @override_settings(STRIPE_RECONCILE_HOURS=2)
    def test_looks_back_to_the_last_time_that_it_came_to_its_end(self):
        self.assertEqual(self.on_schedule().since, self.now - timedelta(hours=2, minutes=5))

        long_ago = self.now - timedelta(hours=30)
        Reconciliation.objects.update(began_at=long_ago)
        self.stripe.break_down("server_error", times=ASKED_AT_MOST)
        failed = self.on_schedule()
        again = self.on_schedule()

        self.assertNotEqual(failed.because, "")
        self.assertEqual(again.since, long_ago - OVERLAP)
        self.assertEqual(self.on_schedule().since, self.now - timedelta(hours=2, minutes=5))

    @override_settings(STRIPE_RECONCILE_HOURS=2)
    def test_goes_on_from_a_run_by_hand_that_began_where_it_ran_out_of_time(self):
        self.on_schedule()
        Reconciliation.objects.update(began_at=self.now - timedelta(hours=30))
        failed = self.on_schedule(within_seconds=0)
        Reconciliation.objects.filter(pk=Reconciliation.objects.latest("pk").pk).update(
            began_at=self.now - timedelta(hours=5)
        )
        asked = failed.because.rpartition(" ")[2]

        call_command("reconcile_payments", "--since", "3h", stdout=io.StringIO())
        self.assertEqual(self.on_schedule(within_seconds=0).since, self.now - timedelta(hours=30) - OVERLAP)
        self.assertGreater(reconciliation_history.failing_for_seconds(), 4 * 3600)
        call_command("reconcile_payments", "--since", asked, stdout=io.StringIO())

        self.assertEqual(self.on_schedule().since, self.now - timedelta(hours=2, minutes=5))
        self.assertEqual(reconciliation_history.failing_for_seconds(), 0)

    def test_goes_on_from_a_run_by_hand_where_none_of_its_own_was_ever_complete(self):
        failed = self.on_schedule(within_seconds=0)
        self.assertGreater(reconciliation_history.failing_for_seconds(), 0)

        call_command("reconcile_payments", "--since", failed.because.rpartition(" ")[2], stdout=io.StringIO())

        self.assertEqual(reconciliation_history.failing_for_seconds(), 0)

    def test_leaves_what_is_younger_than_five_minutes_for_the_next_time(self):
        order, slow = make_order(paid=False), make_order(paid=False)
        self.stripe.happened(events.payment_intent_succeeded(sale_of(order)))
        intent = events.payment_intent_succeeded(sale_of(slow, created=self.lately))["data"]["object"]
        charge = events.charge_succeeded(sale_of(slow))["data"]["object"]
        self.stripe.holds(charge | {"created": int(self.now.timestamp())}, intent)

        self.assertEqual(self.on_schedule().missed, 0)

        self.on_schedule(now=self.now + timedelta(minutes=6))
        self.assert_paid_once(order)
        self.assert_paid_once(slow)

    def test_looks_back_no_further_than_events_are_kept(self):
        self.on_schedule()
        Reconciliation.objects.update(began_at=self.now - timedelta(days=80))

        self.assertEqual(self.on_schedule().since, self.now - timedelta(days=30))

    def test_breaks_off_when_its_time_is_over_and_says_so(self):
        self.stripe.happened(events.payment_intent_succeeded(sale_of(make_order(paid=False))))

        report = self.on_schedule(within_seconds=0)

        self.assertIn("more to look at than there was time", report.because)

    def test_does_not_wait_for_stripe_beyond_its_time(self):
        self.stripe.break_down("rate_limited", seconds=30)

        report = self.on_schedule(within_seconds=20)

        self.assertIn("too much is asked of it", report.because)
        self.assertEqual(self.waits, [])

    def test_forgets_itself_after_three_months(self):
        self.on_schedule()
        Reconciliation.objects.update(began_at=self.now - timedelta(days=91))

        self.on_schedule()

        self.assertEqual(Reconciliation.objects.count(), 1)
