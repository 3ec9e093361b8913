"""
Stripe's deliveries that arrive at the same moment, through the real webhook.
"""

from collections import Counter
from typing import Any

from django.db import IntegrityError
from django.test import TransactionTestCase

from devtools.stripe_sender import events
from orders.models import Charge, Order, OrderStatus, Payment
from orders.testing import make_order
from payments.models import StripeEvent
from payments.testing import deliver, sale_of
from pipeline.models import StepRun
from pipeline.steps import Subject, menu
from tests.chaos.machines.races import at_once

ROUNDS = 3


def answer_to(event: dict[str, Any]) -> int:
    """
    What Stripe sees, also where it was too close a race for us.
    """
    try:
        return deliver(event)
    except IntegrityError:
        return 500


class TestDeliveriesAtOnce(TransactionTestCase):
    def assert_paid_once(self, order: Order) -> None:
        order.refresh_from_db()
        promised = Counter(StepRun.objects.filter(order_id=order.pk).values_list("step", flat=True))
        self.assertEqual(order.status, OrderStatus.PAID)
        self.assertEqual(Payment.objects.filter(order=order).count(), 1)
        self.assertEqual(promised, Counter(step.name for step in menu.about(Subject.ORDER)))

    def test_of_one_event_are_kept_once_and_all_answered(self):
        for _ in range(ROUNDS):
            order = make_order(paid=False)
            event = events.payment_intent_succeeded(sale_of(order))

            answers = at_once([lambda event=event: deliver(event)] * 8)

            self.assertEqual(answers, [200] * 8)
            self.assertEqual(StripeEvent.objects.filter(event_id=event["id"]).count(), 1)
            self.assert_paid_once(order)

    def test_of_all_events_about_one_payment_pay_it_once(self):
        for _ in range(ROUNDS):
            order = make_order(paid=False)
            sale = sale_of(order)
            told = [
                events.payment_intent_succeeded(sale),
                events.charge_succeeded(sale),
                events.checkout_session_completed(sale),
                events.checkout_session_async_payment_succeeded(sale),
            ]

            answers = at_once([lambda event=event: deliver(event) for event in [*told, *told]])

            states = Counter(StripeEvent.objects.filter(order=order).values_list("state", flat=True))
            self.assertEqual(answers, [200] * 8)
            self.assertEqual(states, {"handled": 1, "confirmed": 2})
            self.assertEqual(Charge.objects.filter(payment_intent=sale.payment_intent).count(), 1)
            self.assert_paid_once(order)

    def test_of_two_payments_for_one_order_book_one_and_show_the_other(self):
        for _ in range(ROUNDS):
            order = make_order(paid=False)
            told = [events.payment_intent_succeeded(sale_of(order, seed=seed)) for seed in (1, 2, 3, 4)]

            at_once([lambda event=event: deliver(event) for event in told])

            states = Counter(StripeEvent.objects.filter(order=order).values_list("state", flat=True))
            self.assertEqual(states, {"handled": 1, "in_review": 3})
            self.assert_paid_once(order)

    def test_of_one_payment_that_names_two_orders_pay_one_of_them(self):
        for _ in range(ROUNDS):
            orders = [make_order(paid=False) for _ in range(2)]
            told = [
                events.payment_intent_succeeded(sale_of(order, seed=1), event_id=f"evt_{order.public_id}")
                for order in orders
            ]
            for event in told:
                event["data"]["object"]["id"] = f"pi_of_both_{orders[0].pk}"

            answers = at_once([lambda event=event: answer_to(event) for event in told])
            again = [
                deliver(event) for event in told
            ]  # Stripe repeats what was not accepted, and more than that

            states = Counter(
                Order.objects.filter(pk__in=[o.pk for o in orders]).values_list("status", flat=True)
            )
            self.assertIn(200, answers)
            self.assertEqual(again, [200, 200])
            self.assertEqual(Payment.objects.filter(order__in=orders).count(), 1)
            self.assertEqual(states, {"paid": 1, "in_review": 1})
