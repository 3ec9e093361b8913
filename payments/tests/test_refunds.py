"""
What Stripe tells about refunds, through the real door.
"""

import itertools

from django.test import TestCase

from devtools.stripe_sender import events
from orders.models import Order, OrderStatus, Refund, RefundStatus
from orders.testing import make_order
from payments import inbox
from payments.models import StripeEvent
from payments.testing import deliver, sale_of
from pipeline.models import State, StepRun
from pipeline.steps import Subject, menu

OLD = "2022-08-01"  # lists the refunds of a charge
PART = 700


class WithAnOrder(TestCase):
    def setUp(self):
        self.order = make_order(paid=False)
        self.sale = sale_of(self.order)

    def stands(self) -> tuple[str, int]:
        self.order.refresh_from_db()
        return self.order.status, self.order.refunded_minor

    def pay(self) -> None:
        deliver(events.payment_intent_succeeded(self.sale))

    def states(self, subject: Subject) -> set[str]:
        steps = [step.name for step in menu.about(subject)]
        return set(
            StepRun.objects.filter(order_id=self.order.pk, step__in=steps).values_list("state", flat=True)
        )


class TestRefund(WithAnOrder):
    def test_of_a_part_is_recorded_and_promises_its_reversals_and_lets_the_steps_go_on(self):
        self.pay()

        status = deliver(events.refund_created(self.sale, amount=PART))

        self.assertEqual(status, 200)
        self.assertEqual(self.stands(), (OrderStatus.PARTLY_REFUNDED, PART))
        runs = StepRun.objects.filter(subject_id=Refund.objects.get().pk, order_id=self.order.pk)
        promised = sorted(runs.filter(step__contains="refund_tasks").values_list("step", flat=True))
        self.assertEqual(promised, sorted(step.name for step in menu.about(Subject.REFUND)))
        self.assertEqual(self.states(Subject.ORDER), {State.PROMISED})

    def test_of_everything_skips_what_has_not_begun_but_the_receipt_and_the_figures(self):
        self.pay()

        deliver(events.refund_created(self.sale))

        self.assertEqual(self.stands(), (OrderStatus.REFUNDED, self.order.total_minor))
        runs = StepRun.objects.filter(order_id=self.order.pk, state=State.PROMISED)
        going_on = {run.step for run in runs} & {step.name for step in menu.about(Subject.ORDER)}
        self.assertEqual(
            going_on,
            {
                "payments.tasks.send_order_confirmation_email_task",
                "payments.tasks.record_payment_analytics_task",
            },
        )

    def test_in_two_parts_is_the_same_as_one(self):
        self.pay()

        deliver(events.refund_created(self.sale, amount=PART, number=1))
        deliver(events.refund_created(self.sale, amount=self.order.total_minor - PART, number=2))

        self.assertEqual(self.stands(), (OrderStatus.REFUNDED, self.order.total_minor))
        self.assertEqual(Refund.objects.count(), 2)

    def test_told_several_times_and_by_several_events_is_one(self):
        self.pay()

        for event in (
            events.refund_created(self.sale),
            events.refund_updated(self.sale),
            events.charge_refunded(self.sale),
            events.charge_refunded(self.sale, api_version=OLD, event_id="evt_old"),
            events.refund_created(self.sale),
        ):
            self.assertEqual(deliver(event), 200)

        self.assertEqual(Refund.objects.count(), 1)
        self.assertEqual(self.stands(), (OrderStatus.REFUNDED, self.order.total_minor))
        self.assertFalse(StripeEvent.objects.filter(state="unmatched").exists())

    def test_is_taken_from_the_list_of_a_charge_where_older_versions_tell_no_more(self):
        self.pay()

        deliver(events.charge_refunded(self.sale, amount=PART, api_version=OLD))

        self.assertEqual(self.stands(), (OrderStatus.PARTLY_REFUNDED, PART))

    def test_that_only_its_sum_is_known_of_is_waited_for(self):
        self.pay()

        deliver(events.charge_refunded(self.sale))
        before = StripeEvent.objects.get(type="charge.refunded").state
        deliver(events.refund_created(self.sale))

        self.assertEqual(before, StripeEvent.State.UNMATCHED)
        self.assertEqual(StripeEvent.objects.get(type="charge.refunded").state, StripeEvent.State.CONFIRMED)

    def test_before_its_payment_waits_and_is_booked_with_it(self):
        deliver(events.refund_created(self.sale))
        self.assertEqual(self.stands()[0], OrderStatus.PENDING_PAYMENT)

        self.pay()

        self.assertEqual(self.stands(), (OrderStatus.REFUNDED, self.order.total_minor))

    def test_that_knows_only_the_payment_intent_finds_its_order(self):
        self.pay()
        event = events.refund_created(self.sale)
        event["data"]["object"]["metadata"] = {}

        deliver(event)

        self.assertEqual(self.stands()[0], OrderStatus.REFUNDED)

    def test_of_a_second_payment_that_was_never_booked_changes_nothing(self):
        self.pay()
        second = sale_of(self.order, seed=2)
        deliver(events.payment_intent_succeeded(second))

        deliver(events.refund_created(second))

        self.assertEqual(self.stands(), (OrderStatus.PAID, 0))
        self.assertEqual(StripeEvent.objects.get(type="refund.created").state, StripeEvent.State.CONFIRMED)

    def test_in_another_currency_is_for_a_person(self):
        self.pay()
        event = events.refund_created(self.sale)
        event["data"]["object"]["currency"] = "eur"

        deliver(event)

        self.assertEqual(StripeEvent.objects.get(type="refund.created").state, StripeEvent.State.IN_REVIEW)
        self.assertEqual(self.stands(), (OrderStatus.PAID, 0))


class TestFailedRefund(WithAnOrder):
    def test_makes_the_order_paid_again_and_promises_the_undoing(self):
        self.pay()
        deliver(events.refund_created(self.sale))

        deliver(events.refund_failed(self.sale))

        self.assertEqual(self.stands(), (OrderStatus.PAID, 0))
        self.assertEqual(self.states(Subject.REFUND), {State.SKIPPED})
        self.assertEqual(self.states(Subject.FAILED_REFUND), {State.PROMISED})
        points = StepRun.objects.get(
            step="payments.tasks.process_loyalty_rewards_task", order_id=self.order.pk
        )
        self.assertEqual(points.state, State.PROMISED)

    def test_that_is_told_first_is_nothing_but_remembered(self):
        self.pay()

        deliver(events.refund_failed(self.sale))
        deliver(events.refund_created(self.sale))

        self.assertEqual(self.stands(), (OrderStatus.PAID, 0))
        self.assertEqual(Refund.objects.get().status, RefundStatus.FAILED)
        self.assertEqual(self.states(Subject.FAILED_REFUND), set())

    def test_leaves_the_other_refunds_standing(self):
        self.pay()
        deliver(events.refund_created(self.sale, amount=PART, number=1))
        deliver(events.refund_created(self.sale, amount=self.order.total_minor - PART, number=2))

        deliver(events.refund_failed(self.sale, amount=PART, number=1))

        self.assertEqual(self.stands(), (OrderStatus.PARTLY_REFUNDED, self.order.total_minor - PART))


class TestOrderOfEvents(TestCase):
    def test_does_not_matter(self):
        def told(sale):
            return (
                events.payment_intent_succeeded(sale),
                events.refund_created(sale, amount=PART, status="pending"),
                events.refund_updated(sale, amount=PART, status="succeeded"),
                events.refund_failed(sale, amount=PART),
            )

        for order_of_events in itertools.permutations(range(4)):
            with self.subTest(order_of_events):
                order = make_order(paid=False)
                all_events = told(sale_of(order))

                for n in order_of_events:
                    deliver(all_events[n])

                order = Order.objects.get(pk=order.pk)
                self.assertEqual((order.status, order.refunded_minor), (OrderStatus.PAID, 0))
                self.assertEqual(order.refunds.get().status, RefundStatus.FAILED)
                self.assertEqual(inbox.retry_unmatched(), 0)
