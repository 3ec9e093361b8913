"""
What events have told about an object of Stripe's is found by an index that leaves out those that tell nothing.
"""

from django.db import connection
from django.test import TestCase
from django.utils import timezone

from devtools.stripe_sender import events
from orders.testing import make_order
from payments.facts import MoneyArrived
from payments.models import StripeEvent
from payments.testing import deliver, sale_of


class TestEventsAboutAnObject(TestCase):
    def test_are_those_that_told_this_of_it(self):
        paid, other = (sale_of(make_order(paid=False)) for _ in range(2))
        for sale in (paid, other):
            deliver(events.payment_intent_created(sale))
            deliver(events.payment_intent_succeeded(sale))

        told = StripeEvent.telling(MoneyArrived.__name__, of=[paid.payment_intent])

        self.assertEqual([event.type for event in told], ["payment_intent.succeeded"])

    def test_are_found_without_reading_the_whole_table(self):
        StripeEvent.objects.bulk_create(
            StripeEvent(
                event_id=f"evt_{n}", type="refund.updated", object_id=f"re_{n}", state=StripeEvent.State.HANDLED,
                livemode=False, happened_at=timezone.now(),
            )
            for n in range(2_000)
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE payments_stripeevent")

        plan = StripeEvent.telling(MoneyArrived.__name__, of=["re_7"]).explain()

        self.assertIn("stripe_event_by_object", plan)
