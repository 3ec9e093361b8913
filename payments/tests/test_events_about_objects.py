"""
What events have told about an object of Stripe's is found by an index that leaves out those that tell nothing.
"""

from django.db import connection
from django.test import TestCase

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
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # on a table this small it would be right

        plan = StripeEvent.telling(MoneyArrived.__name__, of=["pi_1"]).explain()

        self.assertIn("stripe_event_by_object", plan)
        self.assertNotIn("Seq Scan", plan)
