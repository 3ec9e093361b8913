import uuid
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.test import TransactionTestCase

from devtools.stripe_sender import events
from orders.testing import make_order
from payments import inbox
from payments.models import StripeEvent
from payments.testing import deliver, sale_of
from pipeline import crash_points
from pipeline.crash_points import Point


class TestDispatcherThatStoodStill(TransactionTestCase):
    def setUp(self):
        order = make_order(paid=False)
        deliver(events.payment_intent_succeeded(sale_of(order, order_reference=str(uuid.uuid4()))))
        kept = StripeEvent.objects.get()
        facts = {**kept.facts, "order_reference": str(order.public_id)}
        StripeEvent.objects.filter(pk=kept.pk).update(facts=facts, retry_at=kept.received_at)
        self.addCleanup(crash_points.listen, None)

    def test_does_not_put_off_what_another_has_handled_meanwhile(self):
        ours = connection.connection.info.backend_pid

        def give_up_on_us():
            try:
                with connection.cursor() as cursor:  # as idle_in_transaction_session_timeout does
                    cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [ours])
                return inbox.retry_unmatched()
            finally:
                connection.close()

        def stand_still(point, _step):
            if point is Point.UNMATCHED_LOCKED:
                crash_points.listen(None)
                with ThreadPoolExecutor(1) as another:
                    self.assertEqual(another.submit(give_up_on_us).result(20), 1)

        crash_points.listen(stand_still)
        booked = inbox.retry_unmatched()

        kept = StripeEvent.objects.get()
        self.assertEqual((booked, kept.state, kept.retry_at), (0, StripeEvent.State.HANDLED, None))
        self.assertEqual(kept.because, "")
