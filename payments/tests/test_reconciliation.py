"""
Reconciliation with the real `stripe` library, against our stand-in of Stripe over HTTP.
"""

import io
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase, override_settings
from django.utils import timezone

from devtools.show.crew import any_free_port
from devtools.stripe_api import running_stripe_api
from devtools.stripe_sender import events
from operations.tasks import reconcile_payments_task
from orders.models import Charge, Order, OrderStatus, Payment
from orders.testing import make_order, make_restaurant
from payments import missed
from payments.models import Reconciliation, StripeEvent
from payments.reconciliation import Wish, reconcile, reconcile_on_schedule
from payments.reconciliation_history import OVERLAP
from payments.stripe_api import ASKED_AT_MOST, StripeApi
from payments.testing import deliver, sale_of
from pipeline.models import StepRun
from pipeline.steps import menu

KEY = "sk_test_reconciliation"
PAYING = (events.payment_intent_succeeded, events.checkout_session_completed)
State = StripeEvent.State


class AtStripe:
    """
    A test case with a stand-in of Stripe for all its tests, and a fresh start for each.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def setUp(self):
        home = Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.home)))
        self.stripe = self.enterContext(running_stripe_api(home=home, key=KEY))
        self.enterContext(override_settings(STRIPE_SECRET_KEY=KEY, STRIPE_API_BASE=self.stripe.url))
        self.waits = []

    def reconcile(self, **wish):
        wish = {"since": timezone.now() - timedelta(hours=1), **wish}
        return reconcile(Wish(**wish), stripe=StripeApi(wait=self.waits.append))

    def assert_paid_once(self, order):
        order.refresh_from_db()
        promised = StepRun.objects.filter(order_id=order.pk).count()
        self.assertEqual((order.status, promised), (OrderStatus.PAID, len(list(menu))))
        self.assertEqual(Payment.objects.filter(order=order).count(), 1)


class TestReconciliation(AtStripe, TestCase):
    def test_finds_nothing_where_nothing_was_missed(self):
        order = make_order(paid=False)
        for event in (build(sale_of(order)) for build in PAYING):
            deliver(event)
            self.stripe.happened(event, delivered=True)

        report = self.reconcile()

        self.assertEqual((report.looked_at, report.missed, report.because), (4, 0, ""))

    def test_books_what_an_event_says_that_never_came(self):
        order = make_order(paid=False)
        event = events.payment_intent_succeeded(sale_of(order))
        self.stripe.happened(event)

        report = self.reconcile()

        self.assert_paid_once(order)
        kept = StripeEvent.objects.get()
        self.assertEqual((kept.pk, kept.state, kept.order_id), (event["id"], State.HANDLED, order.pk))
        self.assertEqual((report.missed, report.orders), (1, {order.pk}))

    def test_books_what_an_object_says_of_which_no_event_was_ever_made(self):
        for build in PAYING:
            with self.subTest(build.__name__):
                order = make_order(paid=False)
                about = build(sale_of(order))["data"]["object"]
                self.stripe.holds(about)

                report = self.reconcile()

                self.assert_paid_once(order)
                self.assertEqual(report.orders, {order.pk})
                kept = StripeEvent.objects.get(object_id=about["id"])
                self.assertEqual(kept.pk.split(":")[:2], ["reconciled", about["id"]])

    def test_knows_the_card_and_the_moment_from_the_charge(self):
        order = make_order(paid=False)
        sale = sale_of(order, created=int(time.time()) - 600)
        charge = events.charge_succeeded(sale)["data"]["object"] | {"created": sale.created + 60}
        self.stripe.holds(charge, events.payment_intent_succeeded(sale)["data"]["object"])

        self.reconcile()

        self.assertEqual(Charge.objects.get(payment_intent=sale.payment_intent).card_last4, "4242")
        self.assertEqual(Payment.objects.get(order=order).paid_at.timestamp(), sale.created + 60)

    def test_books_once_what_objects_and_events_both_tell(self):
        orders = [make_order(paid=False) for _ in range(3)]
        for order in orders:
            self.stripe.happened(*(build(sale_of(order)) for build in (*PAYING, events.charge_succeeded)))

        first, second = self.reconcile(), self.reconcile()

        for order in orders:
            self.assert_paid_once(order)
        self.assertEqual((first.missed, len(first.orders)), (9, 3))
        self.assertEqual((second.missed, second.orders), (0, set()))

    def test_turns_as_many_pages_as_there_are(self):
        restaurant = make_restaurant()
        orders = [make_order(restaurant=restaurant, paid=False) for _ in range(230)]
        told = [events.payment_intent_succeeded(sale_of(order)) for order in orders]
        self.stripe.happened(*told[:110])
        self.stripe.holds_what_is_told_by(told[110:])

        report = self.reconcile()

        self.assertEqual(len(report.orders), 230)
        self.assertEqual(Order.objects.filter(status=OrderStatus.PAID).count(), 230)
        asked = [request["path"] for request in self.stripe.requests()]
        self.assertEqual(asked.count("/v1/payment_intents"), 3)

    def test_confirms_what_comes_through_the_webhook_afterwards(self):
        order = make_order(paid=False)
        event = events.payment_intent_succeeded(sale_of(order))
        self.stripe.holds(event["data"]["object"])
        self.reconcile()

        status = deliver(event)

        self.assert_paid_once(order)
        self.assertEqual((status, StripeEvent.objects.get(pk=event["id"]).state), (200, State.CONFIRMED))

    def test_leaves_alone_what_brought_no_money(self):
        sale = sale_of(make_order(paid=False))
        self.stripe.holds_what_is_told_by(
            [
                events.payment_intent_processing(sale),
                events.checkout_session_completed(sale, payment_status="unpaid"),
            ]
        )
        self.stripe.holds(events.checkout_session_expired(sale_of(make_order(paid=False)))["data"]["object"])

        report = self.reconcile()

        self.assertEqual((report.looked_at, report.missed), (3, 0))

    def test_books_a_session_whose_first_event_told_that_it_was_not_paid_yet(self):
        order = make_order(paid=False)
        sale = sale_of(order)
        deliver(events.checkout_session_completed(sale, payment_status="unpaid"))
        self.stripe.holds(events.checkout_session_async_payment_succeeded(sale)["data"]["object"])

        self.reconcile()

        self.assert_paid_once(order)

    def test_puts_what_does_not_fit_in_review_and_says_so_only_once(self):
        order = make_order(paid=False)
        self.stripe.holds(events.payment_intent_succeeded(sale_of(order, amount=1))["data"]["object"])
        self.stripe.holds(
            events.payment_intent_succeeded(sale_of(order, order_reference="x"))["data"]["object"]
        )

        first, second = self.reconcile(), self.reconcile()

        order.refresh_from_db()
        self.assertEqual(order.status, OrderStatus.IN_REVIEW)
        self.assertEqual(first.became, {State.IN_REVIEW: 1, State.UNMATCHED: 1})
        self.assertEqual((first.orders, second.missed), (set(), 0))

    def test_changes_nothing_in_a_dry_run(self):
        order = make_order(paid=False)
        self.stripe.happened(events.payment_intent_succeeded(sale_of(order)))

        report = self.reconcile(dry_run=True)

        self.assertGreaterEqual(report.missed, 1)
        self.assertEqual(StripeEvent.objects.count() + Reconciliation.objects.count(), 0)

    def test_looks_no_further_back_than_it_is_asked_to(self):
        order = make_order(paid=False)
        old = sale_of(order, created=int(time.time()) - 7200)
        self.stripe.happened(events.payment_intent_succeeded(old))

        report = self.reconcile()

        self.assertEqual(report.looked_at, 0)

    def test_goes_on_where_one_event_cannot_be_read(self):
        order = make_order(paid=False)
        broken = events.payment_intent_succeeded(sale_of(make_order(paid=False)))
        del broken["data"]["object"]["currency"]
        self.stripe.happened(events.payment_intent_succeeded(sale_of(order)), broken)

        report = self.reconcile()

        self.assert_paid_once(order)
        self.assertEqual((len(report.orders), report.because), (1, ""))

    def test_asks_for_every_type_of_event_that_means_something_to_us(self):
        asked = {type_ for source in missed.SOURCES for type_ in source.asked.get("types", ())}

        self.assertEqual(asked, inbox_types())

    def test_speaks_for_the_connected_account_that_is_ours(self):
        order = make_order(paid=False)
        event = events.payment_intent_succeeded(sale_of(order, account="acct_ours"))
        self.stripe.happened(event)

        with override_settings(STRIPE_ACCOUNT="acct_ours"):
            self.reconcile()

        self.assert_paid_once(order)


def inbox_types():
    return {*missed.CARDS, *missed.MONEY}


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

    def on_schedule(self, **how):
        how = {"now": self.now, "within_seconds": 60, **how}
        return reconcile_on_schedule(**how, stripe=StripeApi(wait=self.waits.append))

    def test_repairs_orders_by_a_task_of_the_worker(self):
        order = make_order(paid=False)
        self.stripe.happened(events.payment_intent_succeeded(sale_of(order)))

        answer = reconcile_payments_task.apply().get()

        self.assert_paid_once(order)
        self.assertEqual(answer, {"missed": 1, "repaired_orders": 1, "because": ""})

    def test_does_not_ask_again_for_events_that_were_delivered(self):
        event = events.payment_intent_succeeded(sale_of(make_order(paid=False)))
        deliver(event)
        self.stripe.happened(event, delivered=True)

        report = self.on_schedule()

        self.assertEqual([row.looked_at for row in report.rows if row.title.startswith("events")], [0, 0])
        self.assertEqual(report.missed, 0)

    def test_finds_by_their_objects_what_was_delivered_and_forgotten_since(self):
        order = make_order(paid=False)
        event = events.payment_intent_succeeded(sale_of(order))
        self.stripe.happened(event, delivered=True)  # to a database that was since restored from a backup

        self.on_schedule()

        self.assert_paid_once(order)

    @override_settings(STRIPE_RECONCILE_HOURS=2)
    def test_looks_back_to_the_last_time_that_it_came_to_its_end(self):
        self.assertEqual(self.on_schedule().since, self.now - timedelta(hours=2))

        long_ago = self.now - timedelta(hours=30)
        Reconciliation.objects.update(began_at=long_ago)
        self.stripe.break_down("server_error", times=ASKED_AT_MOST)
        failed = self.on_schedule()
        again = self.on_schedule()

        self.assertNotEqual(failed.because, "")
        self.assertEqual(again.since, long_ago - OVERLAP)
        self.assertEqual(self.on_schedule().since, self.now - timedelta(hours=2))

    def test_looks_back_no_further_than_events_are_kept(self):
        self.on_schedule()
        Reconciliation.objects.update(began_at=self.now - timedelta(days=80))

        self.assertEqual(self.on_schedule().since, self.now - timedelta(days=30))

    def test_breaks_off_when_its_time_is_over_and_says_so(self):
        self.stripe.happened(events.payment_intent_succeeded(sale_of(make_order(paid=False))))

        report = self.on_schedule(within_seconds=0)

        self.assertIn("more to look at than there was time", report.because)

    def test_forgets_itself_after_three_months(self):
        self.on_schedule()
        Reconciliation.objects.update(began_at=self.now - timedelta(days=91))

        self.on_schedule()

        self.assertEqual(Reconciliation.objects.count(), 1)


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
