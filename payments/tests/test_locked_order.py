import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction
from django.test import TransactionTestCase

from devtools.stripe_sender import events
from orders.models import Order, OrderStatus
from orders.testing import make_order
from payments import inbox
from payments.models import StripeEvent
from payments.testing import deliver, sale_of


class TestLockedOrder(TransactionTestCase):
    def setUp(self):
        self.locked, self.free = self.unmatched_payment(), self.unmatched_payment()

    def unmatched_payment(self):
        """
        An order whose payment came before the order itself, and is due to be tried again.
        """
        order = make_order(paid=False)
        deliver(events.payment_intent_succeeded(sale_of(order, order_reference=str(uuid.uuid4()))))
        kept = StripeEvent.objects.latest("received_at")
        facts = {**kept.facts, "order_reference": str(order.public_id)}
        StripeEvent.objects.filter(pk=kept.pk).update(facts=facts, retry_at=kept.received_at)
        return order

    def test_is_put_off_briefly_and_does_not_hold_up_the_payments_of_others(self):
        is_locked, may_end = threading.Event(), threading.Event()

        def hold():
            try:
                with transaction.atomic():
                    Order.objects.select_for_update().get(pk=self.locked.pk)
                    is_locked.set()
                    may_end.wait(20)
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as other:
            holding = other.submit(hold)
            try:
                self.assertTrue(is_locked.wait(20))
                booked = inbox.retry_unmatched()
            finally:
                may_end.set()
            holding.result()

        self.free.refresh_from_db()
        waiting = StripeEvent.objects.get(state=StripeEvent.State.UNMATCHED)
        self.assertEqual((booked, self.free.status), (1, OrderStatus.PAID))
        self.assertLess(waiting.retry_at - waiting.received_at, inbox.PUT_OFF / 2)
        self.assertEqual(waiting.because, "OperationalError")
