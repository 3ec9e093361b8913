"""
What an order comes to is a function of the set of its events: their order and number change nothing.
"""

import itertools
import random
import uuid

from django.test import TestCase

from devtools.stripe_sender import events
from devtools.stripe_sender.api_version import API_VERSIONS
from orders.models import Charge, Dispute, DisputeStatus, Order, OrderStatus, Payment, Refund
from orders.testing import make_order
from payments import inbox
from payments.models import StripeEvent
from payments.testing import deliver, sale_of
from pipeline.models import StepRun
from pipeline.steps import Subject, menu

State = StripeEvent.State


def everything_is_tried_again():
    """
    What waits for something that was told meanwhile comes to its turn.
    """
    StripeEvent.objects.filter(retry_at__isnull=False).update(retry_at="2026-01-01T00:00:00Z")
    inbox.retry_unmatched()


class TestOrderOfEvents(TestCase):
    def standing(self, order):
        order.refresh_from_db()
        return {
            "status": order.status,
            "refunded": order.refunded_minor,
            "payments": list(Payment.objects.filter(order=order).values_list("amount_minor", "paid_at")),
            "steps": StepRun.objects.filter(subject_id=order.pk, step__in=names_of_steps()).count(),
            "refunds": list(Refund.objects.filter(order=order).values_list("amount_minor", "status")),
            "disputes": list(Dispute.objects.filter(order=order).values_list("status", "reason")),
            "waiting": StripeEvent.objects.filter(order=order, retry_at__isnull=False).count(),
        }

    def assert_same_whatever_the_order(self, build, *, expected, most=24):
        orders = list(itertools.permutations(range(len(build(sale_of(make_order(paid=False)))))))
        for turns in random.Random(4).sample(orders, min(most, len(orders))):
            with self.subTest(turns):
                order = make_order(paid=False)
                told = build(sale_of(order))

                for turn in (*turns, turns[0]):
                    self.assertEqual(deliver(told[turn]), 200)
                everything_is_tried_again()

                found = self.standing(order)
                self.assertEqual(found | expected, found)
                self.assertEqual((found["waiting"], len(found["payments"])), (0, 1))

    def test_of_a_payment_by_card_changes_nothing(self):
        self.assert_same_whatever_the_order(
            lambda sale: [
                events.payment_intent_created(sale),
                events.charge_succeeded(sale),
                events.payment_intent_succeeded(sale),
                events.checkout_session_completed(sale),
            ],
            expected={"status": OrderStatus.PAID, "steps": len(names_of_steps()), "refunds": []},
        )

    def test_of_a_payment_by_bank_transfer_changes_nothing(self):
        self.assert_same_whatever_the_order(
            lambda sale: [
                events.checkout_session_completed(sale, payment_status="unpaid"),
                events.payment_intent_processing(sale),
                events.checkout_session_async_payment_succeeded(sale),
                events.payment_intent_succeeded(sale),
            ],
            expected={"status": OrderStatus.PAID, "steps": len(names_of_steps())},
        )

    def test_of_a_second_attempt_after_a_declined_card_changes_nothing(self):
        self.assert_same_whatever_the_order(
            lambda sale: [
                events.payment_intent_payment_failed(sale),
                events.payment_intent_payment_failed(sale, event_id=f"evt_{uuid.uuid4().hex}"),
                events.payment_intent_succeeded(sale),
            ],
            expected={"status": OrderStatus.PAID},
        )

    def test_of_a_refund_and_a_dispute_changes_nothing(self):
        self.assert_same_whatever_the_order(
            lambda sale: [
                events.payment_intent_succeeded(sale),
                events.refund_created(sale, amount=500),
                events.charge_refunded(sale, amount=500),
                events.charge_dispute_created(sale),
                events.charge_dispute_closed(sale),
            ],
            expected={
                "status": OrderStatus.PARTLY_REFUNDED,
                "refunded": 500,
                "refunds": [(500, "succeeded")],
                "disputes": [(DisputeStatus.LOST, "fraudulent")],
            },
        )

    def test_of_a_reserved_and_captured_payment_changes_nothing(self):
        self.assert_same_whatever_the_order(
            lambda sale: [
                events.payment_intent_amount_capturable_updated(sale),
                events.checkout_session_completed(sale, payment_status="unpaid"),
                events.payment_intent_succeeded(sale),
            ],
            expected={"status": OrderStatus.PAID},
        )


class TestEitherApiVersion(TestCase):
    def test_is_understood_in_every_event_that_can_be_sent(self):
        found = {}
        for version in API_VERSIONS:
            order = make_order(paid=False)
            sale = sale_of(order)

            statuses = {deliver(build(sale, api_version=version)) for build in events.MENU.values()}
            everything_is_tried_again()

            order.refresh_from_db()
            found[version] = (
                statuses,
                order.status,
                list(order.refunds.values_list("amount_minor", "status")),
                list(order.disputes.values_list("status", flat=True)),
                Charge.objects.get(payment_intent=sale.payment_intent).card_last4,
            )

        self.assertEqual(len(set(map(str, found.values()))), 1, found)
        self.assertEqual(found[API_VERSIONS[0]][0], {200})
        kept = StripeEvent.objects.values_list("api_version", flat=True).distinct()
        self.assertEqual(set(kept), set(API_VERSIONS))


class TestSeveralEventsOfOnePayment(TestCase):
    def test_know_each_other_also_where_only_the_session_names_the_order(self):
        for first in ("session", "intent"):
            with self.subTest(first):
                order = make_order(paid=False)
                sale = sale_of(order)
                told = {
                    "session": events.checkout_session_completed(sale),
                    "intent": events.payment_intent_succeeded(sale),
                }
                told["intent"]["data"]["object"]["metadata"] = {}

                for name in sorted(told, key=lambda name: name != first):
                    deliver(told[name])

                states = set(StripeEvent.objects.filter(order=order).values_list("state", flat=True))
                self.assertEqual(states, {State.HANDLED, State.CONFIRMED})
                self.assertEqual(Order.objects.get(pk=order.pk).status, OrderStatus.PAID)

    def test_that_name_an_order_which_is_placed_only_afterwards_book_it(self):
        public_id = uuid.uuid4()
        order = make_order(paid=False)
        sale = sale_of(order, order_reference=str(public_id))
        deliver(events.payment_intent_succeeded(sale))
        deliver(events.refund_created(sale, amount=100))

        Order.objects.filter(pk=order.pk).update(public_id=public_id)
        everything_is_tried_again()

        order.refresh_from_db()
        self.assertEqual((order.status, order.refunded_minor), (OrderStatus.PARTLY_REFUNDED, 100))
        self.assertEqual(StripeEvent.objects.filter(state=State.UNMATCHED).count(), 0)


def names_of_steps():
    return [step.name for step in menu.about(Subject.ORDER)]
