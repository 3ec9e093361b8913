"""
Old rows are whole orders with everything they left behind, older than all that is new.
"""

from django.db import connection
from django.test import TestCase

from benchmarks import pizzeria
from benchmarks.flat import old_rows
from devtools.stripe_sender import events
from orders.models import Order, OrderLine, Payment
from payments.models import StripeEvent
from payments.testing import deliver
from pipeline.models import StepEvent, StepRun

ORDERS = 7


class TestOldRows(TestCase):
    @classmethod
    def setUpTestData(cls):
        restaurant = pizzeria.open_restaurant()
        for order in pizzeria.place(restaurant, ORDERS):
            deliver(events.payment_intent_succeeded(pizzeria.sale(order)))
        cls.restaurant = restaurant
        cls.runs = old_rows.multiply(old_rows.Template.of_what_is_there(), runs=4 * 6 * ORDERS)
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = DEFAULT")

    def test_come_in_the_proportion_of_real_orders(self):
        orders = 5 * ORDERS  # the template and four copies

        self.assertEqual(self.runs, 6 * orders)
        self.assertEqual(Order.objects.count(), orders)
        self.assertEqual(OrderLine.objects.count(), 2 * orders)
        self.assertEqual(Payment.objects.count(), orders)
        self.assertEqual(StripeEvent.objects.count(), orders)
        self.assertEqual(StepEvent.objects.count(), 5 * 4)  # of 42 step runs every 33rd, two lines each

    def test_belong_together(self):
        for run in StepRun.objects.filter(step__endswith="send_staff_notification_task"):
            self.assertEqual(run.subject_id, run.order_id)
            self.assertEqual(Order.objects.get(pk=run.order_id).payment.order_id, run.order_id)
        for line in StepEvent.objects.select_related("step_run"):
            self.assertEqual(line.order_id, line.step_run.order_id)

    def test_are_followed_by_new_orders(self):
        highest = Order.objects.order_by("-pk").values_list("pk", flat=True).first()

        [order] = pizzeria.place(self.restaurant, 1)

        self.assertGreater(order.pk, highest)
