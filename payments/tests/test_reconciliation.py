"""
Reconciliation: what was missed is booked once, and nothing else is touched.
"""

import time

from django.test import TestCase, override_settings

from devtools.stripe_sender import events
from orders.models import Charge, Order, OrderStatus, Payment
from orders.testing import make_order, make_restaurant
from payments import missed
from payments.meanings import READ
from payments.models import Reconciliation, StripeEvent
from payments.testing import deliver, sale_of
from payments.tests.at_stripe import AtStripe

PAYING = (events.payment_intent_succeeded, events.checkout_session_completed)
State = StripeEvent.State


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

    def test_knows_the_moment_of_a_session_from_the_charge_of_its_older_payment_intent(self):
        order = make_order(paid=False)
        sale = sale_of(order, created=int(time.time()) - 600)
        charge = events.charge_succeeded(sale)["data"]["object"] | {"created": sale.created + 60}
        intent = events.payment_intent_succeeded(sale)["data"]["object"] | {"created": sale.created - 86400}
        session = events.checkout_session_completed(sale)["data"]["object"]
        self.stripe.holds(charge, intent, session)

        self.reconcile()

        self.assert_paid_once(order)
        payment = Payment.objects.get(order=order)
        self.assertEqual(payment.paid_at.timestamp(), sale.created + 60)
        self.assertEqual(payment.payment_intent, sale.payment_intent)

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

    def test_takes_an_order_for_paid_whose_voucher_covers_everything(self):
        order = make_order(paid=False, discount_minor=5350)
        session = events.checkout_session_completed(sale_of(order))["data"]["object"]
        self.stripe.holds(session | {"payment_status": "no_payment_required", "payment_intent": None})

        first, second = self.reconcile(), self.reconcile()

        self.assert_paid_once(order)
        self.assertEqual((first.missed, second.missed), (1, 0))

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

    def test_counts_a_payment_once_in_a_dry_run(self):
        sale, other = (sale_of(make_order(paid=False)) for _ in range(2))
        self.stripe.happened(*(build(sale) for build in (*PAYING, events.charge_succeeded)))
        self.stripe.holds_what_is_told_by([build(other) for build in PAYING])

        self.assertEqual(self.reconcile(dry_run=True).missed, 2)

    def test_looks_no_further_back_than_it_is_asked_to(self):
        order = make_order(paid=False)
        old = sale_of(order, created=int(time.time()) - 7200)
        self.stripe.happened(events.payment_intent_succeeded(old))

        report = self.reconcile()

        self.assertEqual(report.looked_at, 0)

    def test_asks_for_every_type_of_event_that_means_something_to_us(self):
        asked = {type_ for source in missed.SOURCES for type_ in source.asked.get("types", ())}

        self.assertEqual(asked, {"charge.succeeded", *READ})

    def test_speaks_for_the_connected_account_that_is_ours(self):
        order = make_order(paid=False)
        event = events.payment_intent_succeeded(sale_of(order, account="acct_ours"))
        self.stripe.happened(event)

        with override_settings(STRIPE_ACCOUNT="acct_ours"):
            self.reconcile()

        self.assert_paid_once(order)
