"""
Reconciliation of refunds: as far as Stripe says that they stand.
"""

from django.test import TestCase

from devtools.stripe_sender import events
from orders.models import OrderStatus, Refund, RefundStatus
from orders.testing import make_order
from payments.models import StripeEvent
from payments.testing import deliver, sale_of
from payments.tests.at_stripe import AtStripe

State = StripeEvent.State


class TestRefund(AtStripe, TestCase):
    def setUp(self):
        super().setUp()
        self.order = make_order(paid=False)
        self.sale = sale_of(self.order)
        self.paid = events.payment_intent_succeeded(self.sale)

    def test_is_booked_by_its_events(self):
        self.stripe.happened(self.paid, events.refund_created(self.sale), events.charge_refunded(self.sale))

        report = self.reconcile()

        self.order.refresh_from_db()
        self.assertEqual((self.order.status, report.orders), (OrderStatus.REFUNDED, {self.order.pk}))
        self.assertEqual(self.reconcile().missed, 0)

    def test_is_booked_by_itself_where_no_event_was_ever_made(self):
        deliver(self.paid)
        part = {"amount": 500, "status": "pending"}
        self.stripe.holds(events.refund_created(self.sale, **part)["data"]["object"])

        self.reconcile()

        self.assertEqual(Refund.objects.get(order=self.order).status, RefundStatus.PENDING)

    def test_moves_on_as_far_as_stripe_says_and_is_told_once(self):
        deliver(self.paid)
        deliver(events.refund_created(self.sale, status="pending"))
        self.stripe.happened(events.refund_created(self.sale, status="pending"), delivered=True)
        self.assertEqual(self.reconcile().missed, 0)

        self.stripe.holds(events.refund_failed(self.sale)["data"]["object"])
        first, second = self.reconcile(), self.reconcile()

        self.order.refresh_from_db()
        self.assertEqual(
            (self.order.status, Refund.objects.get().status), (OrderStatus.PAID, RefundStatus.FAILED)
        )
        self.assertEqual((first.missed, second.missed), (1, 0))

    def test_whose_payment_was_missed_as_well_is_booked_after_it(self):
        self.stripe.holds_what_is_told_by([events.refund_created(self.sale), self.paid])

        report = self.reconcile()

        self.order.refresh_from_db()
        self.assertEqual((self.order.status, report.missed), (OrderStatus.REFUNDED, 2))

    def test_of_nobodys_payment_is_told_once(self):
        stranger = sale_of(self.order, order_reference="somebody-elses")
        self.stripe.holds(events.refund_created(stranger)["data"]["object"])

        first, second = self.reconcile(), self.reconcile()

        self.assertEqual((first.became, second.missed), ({State.UNMATCHED: 1}, 0))
