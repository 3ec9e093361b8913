from django.db.models.functions import Now
from django.test import TestCase

from devtools.stripe_sender import events
from orders.models import OrderStatus
from orders.testing import make_order
from payments import inbox
from payments.models import StripeEvent
from payments.testing import deliver, sale_of
from pipeline.models import StepRun
from pipeline.steps import Subject, menu


class TestMoneyThatFits(TestCase):
    """
    Found by tests/chaos/machines: the end depended on which of two payments was told first.
    """

    def setUp(self):
        self.order = make_order(paid=False)
        self.sale = sale_of(self.order)
        self.too_little = sale_of(self.order, seed=2, amount=self.order.total_minor - 1)

    def status(self):
        self.order.refresh_from_db()
        return self.order.status

    def test_pays_the_order_also_after_some_that_did_not(self):
        deliver(events.payment_intent_succeeded(self.too_little))

        deliver(events.payment_intent_succeeded(self.sale))

        self.assertEqual((self.status(), self.order.review_reason), (OrderStatus.PAID, ""))
        promised = StepRun.objects.filter(subject_id=self.order.pk).values_list("step", flat=True)
        self.assertEqual(set(promised), {step.name for step in menu.about(Subject.ORDER)})
        self.assertEqual(StripeEvent.objects.filter(state=StripeEvent.State.IN_REVIEW).count(), 1)

    def test_may_be_told_after_it_went_back(self):
        deliver(events.payment_intent_succeeded(self.too_little))
        deliver(events.refund_created(self.sale))
        deliver(events.payment_intent_succeeded(self.sale))

        StripeEvent.objects.filter(retry_at__isnull=False).update(retry_at=Now())
        inbox.retry_unmatched()

        self.assertEqual(self.status(), OrderStatus.REFUNDED)

    def test_that_did_not_fit_and_went_back_is_not_waited_for(self):
        deliver(events.payment_intent_succeeded(self.too_little))

        deliver(events.refund_created(self.too_little))

        self.assertFalse(StripeEvent.objects.filter(retry_at__isnull=False).exists())
        self.assertEqual(self.status(), OrderStatus.IN_REVIEW)

    def test_is_no_part_but_misfits_outweighs_a_part_that_came_before(self):
        part = sale_of(self.order, seed=3)
        deliver(events.payment_intent_succeeded(part, amount_received=self.order.total_minor - 5))
        self.assertEqual(self.status(), OrderStatus.PARTLY_PAID)

        deliver(events.payment_intent_succeeded(self.too_little))

        self.assertEqual(self.status(), OrderStatus.IN_REVIEW)
