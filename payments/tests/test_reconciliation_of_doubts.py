"""
Reconciliation of what wants a person: disputes, and money of which only a part was captured.
"""

from django.test import TestCase

from devtools.stripe_sender import events
from orders.models import Dispute, DisputeStatus, OrderStatus
from orders.testing import make_order
from payments.models import StripeEvent
from payments.testing import deliver, sale_of
from payments.tests.at_stripe import AtStripe

State = StripeEvent.State


class TestDispute(AtStripe, TestCase):
    def setUp(self):
        super().setUp()
        self.order = make_order(paid=False)
        self.sale = sale_of(self.order)
        self.opened, self.closed = (
            events.charge_dispute_created(self.sale),
            events.charge_dispute_closed(self.sale),
        )
        deliver(events.payment_intent_succeeded(self.sale))

    def test_is_found_by_its_events(self):
        self.stripe.happened(self.opened, self.closed)

        self.reconcile()

        self.assertEqual(Dispute.objects.get(order=self.order).status, DisputeStatus.LOST)
        self.assertEqual(self.reconcile().missed, 0)

    def test_is_found_where_no_event_was_ever_made_and_again_when_it_has_ended(self):
        found = []
        for stands in (self.opened, self.opened, self.closed, self.closed):
            self.stripe.holds(stands["data"]["object"])
            found.append((self.reconcile().missed, Dispute.objects.get().status))

        self.assertEqual(found, [(1, "open"), (0, "open"), (1, "lost"), (0, "lost")])

    def test_that_the_webhook_told_is_no_news(self):
        deliver(self.opened)
        self.stripe.holds(self.opened["data"]["object"])

        self.assertEqual(self.reconcile().missed, 0)


class TestMoneyInPart(AtStripe, TestCase):
    def setUp(self):
        super().setUp()
        self.order = make_order(paid=False)
        self.sale = sale_of(self.order)
        self.part = events.payment_intent_succeeded(self.sale, amount_received=1)

    def test_is_partly_paid_although_its_session_says_that_it_is_paid(self):
        # Only the Session names the order, and it tells what was asked, not what was captured.
        self.part["data"]["object"]["metadata"] = {}
        self.stripe.holds_what_is_told_by([self.part, events.checkout_session_completed(self.sale)])

        self.reconcile()

        self.order.refresh_from_db()
        self.assertNotEqual(self.order.status, OrderStatus.PAID)
        self.assertIn("1, ordered for 5350", self.order.review_reason)

    def test_is_told_once(self):
        self.stripe.happened(self.part)

        first, second = self.reconcile(), self.reconcile()

        self.order.refresh_from_db()
        self.assertEqual(self.order.status, OrderStatus.PARTLY_PAID)
        self.assertEqual((first.became, second.missed), ({State.IN_REVIEW: 1}, 0))


class TestMoneyThatFailedFirst(AtStripe, TestCase):
    def test_is_booked_when_it_came_after_all(self):
        order = make_order(paid=False)
        sale = sale_of(order)
        deliver(events.payment_intent_payment_failed(sale))
        self.stripe.holds(events.payment_intent_succeeded(sale)["data"]["object"])

        self.reconcile()

        self.assert_paid_once(order)
