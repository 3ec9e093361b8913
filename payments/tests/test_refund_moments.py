"""
A refund at every moment of every step, against a real mailbox, till and database: in the end the books say what is left,
the till cooks nothing that was refunded, and everybody was told once.
"""

import itertools
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from django.db.models import Sum
from django.test import override_settings

from analytics.models import HourlySales, RefundFact, SaleFact
from devtools.stripe_sender import events
from devtools.till import running_till
from inventory.models import Stock, StockMovement
from loyalty.models import LoyaltyBalance, LoyaltyEntry
from orders.testing import make_menu, make_order, make_restaurant
from payments import tasks
from payments.testing import deliver, sale_of
from payments.tests.test_tasks import MailTestCase
from pipeline import lost_leases
from pipeline.claims import Claim
from pipeline.dead_letters import CannotRevive, discard, revive
from pipeline.models import AT_REST, State, StepRun
from pipeline.runner import carry_out
from pipeline.steps import Effect, Step, menu
from pipeline.testing import make_due, run_of

PART = 1000
ROUNDS = 8
STEPS = (
    tasks.send_order_confirmation_email_task,
    tasks.send_staff_notification_task,
    tasks.sync_order_to_pos_task,
    tasks.record_payment_analytics_task,
    tasks.process_loyalty_rewards_task,
    tasks.update_inventory_levels_task,
)
REFUNDS = ("whole", "part", "two parts", "whole, failed")


class Moment(NamedTuple):
    """
    How far one step had got when the refund came, and what happens to it afterwards.
    """

    name: str
    before: Callable[["TestRefundAtAnyMoment", Step], None]
    after: Callable[["TestRefundAtAnyMoment", Step], None]


def nothing(_test: "TestRefundAtAnyMoment", _step: Step) -> None:
    pass


def claim(test: "TestRefundAtAnyMoment", step: Step) -> None:
    test.claim = Claim.take(step=step, subjects=[test.order.pk])
    test.claim.mark_sending()


def finish_late(test: "TestRefundAtAnyMoment", step: Step) -> None:
    """
    The worker that was at it when the refund came ends its work as if nothing had happened.
    """
    if step.effect is Effect.DATABASE:
        step.work(test.claim.finish({test.order.pk: {}}))
        return
    attempt = test.claim.attempts[test.order.pk]
    test.claim.finish({test.order.pk: step.work([test.order.pk])[test.order.pk].send(attempt)})


def die(test: "TestRefundAtAnyMoment", step: Step) -> None:
    """
    The worker that was at it is gone, and had not sent anything.
    """
    make_due(step, test.order.pk)
    lost_leases.take_back()


def send_and_die(test: "TestRefundAtAnyMoment", step: Step) -> None:
    """
    The worker was gone before it could say that the other side has it.
    """
    if step.effect is Effect.OUTSIDE:
        step.work([test.order.pk])[test.order.pk].send(test.claim.attempts[test.order.pk])
    die(test, step)


def do(test: "TestRefundAtAnyMoment", step: Step) -> None:
    carry_out(step, [test.order.pk])


def bury(test: "TestRefundAtAnyMoment", step: Step) -> None:
    taken = Claim.take(step=step, subjects=[test.order.pk])
    taken.fail(test.order.pk, because="refused", wait=None, unknown=False)


def wait_for_a_retry(test: "TestRefundAtAnyMoment", step: Step) -> None:
    taken = Claim.take(step=step, subjects=[test.order.pk])
    taken.fail(test.order.pk, because="busy", wait=600, unknown=False)


def dig_up(test: "TestRefundAtAnyMoment", step: Step) -> None:
    run = run_of(step, test.order.pk)
    if run.state == State.BURIED and not run.withdrawn:
        revive(order_id=test.order.pk, step=step.name, by="anna", reason="mended")


def give_up(test: "TestRefundAtAnyMoment", step: Step) -> None:
    discard(order_id=test.order.pk, step=step.name, by="anna", reason="done by hand")


def bury_and_revive(test: "TestRefundAtAnyMoment", step: Step) -> None:
    bury(test, step)
    dig_up(test, step)


def ask_again(test: "TestRefundAtAnyMoment", step: Step) -> None:
    with suppress(CannotRevive):
        revive(order_id=test.order.pk, step=step.name, by="anna", reason="the guest asks for it")


MOMENTS = (
    Moment("not begun", nothing, nothing),
    Moment("running, ends well", claim, finish_late),
    Moment("running, dies", claim, die),
    Moment("running, dies after its effect", claim, send_and_die),
    Moment("waiting for a retry", wait_for_a_retry, nothing),
    Moment("done", do, nothing),
    Moment("buried, then revived", bury, dig_up),
    Moment("buried, revived, not begun again", bury_and_revive, nothing),
    Moment("discarded, then asked for again", give_up, ask_again),
)


class TestRefundAtAnyMoment(MailTestCase):
    def setUp(self):
        home = self.enterContext(tempfile.TemporaryDirectory())
        self.till = self.enterContext(running_till(home=Path(home), token="t", locations={"LMAIN": "USD"}))
        self.enterContext(override_settings(SQUARE_BASE_URL=self.till.url, SQUARE_ACCESS_TOKEN="t"))
        self.restaurant = make_restaurant(pos_location="LMAIN")
        make_menu(self.restaurant)

    def test_ends_with_books_that_add_up_and_a_kitchen_that_knows(self):
        for task, moment, refund in itertools.product(STEPS, MOMENTS, REFUNDS):
            step = menu.find(task.name)
            with self.subTest(step=step.name.rpartition(".")[2], moment=moment.name, refund=refund):
                self.order = make_order(restaurant=self.restaurant, paid=False, member=True)
                self.sale = sale_of(self.order)
                deliver(events.payment_intent_succeeded(self.sale))
                moment.before(self, step)

                self.give_back(refund, then=partial(moment.after, self, step))
                self.come_to_rest()

                self.assert_books_add_up()
                self.assert_everybody_knows(refund)

    def give_back(self, refund: str, *, then: Callable[[], None]) -> None:
        """
        What Stripe tells; `then` happens right after the money began to go back.
        """
        whole = self.order.total_minor
        match refund.removesuffix(", failed"):
            case "whole":
                told = [(1, whole)]
            case "part":
                told = [(1, PART)]
            case _:
                told = [(1, PART), (2, whole - PART)]
        for number, minor in told:
            deliver(events.refund_created(self.sale, amount=minor, number=number))
        then()
        if refund.endswith("failed"):
            self.come_to_rest()
            deliver(events.refund_failed(self.sale, amount=told[0][1]))

    def come_to_rest(self) -> None:
        for _ in range(ROUNDS):
            left = StepRun.objects.filter(order_id=self.order.pk).exclude(state__in=AT_REST)
            if not left.exists():
                return
            for run in left:
                step = menu.find(run.step)
                make_due(step, run.subject_id)
                if run.state == State.RUNNING:
                    lost_leases.take_back()
                carry_out(step, [run.subject_id])
        self.fail(f"open: {list(left.values_list('step', 'state', 'because'))}")

    def assert_books_add_up(self) -> None:
        self.order.refresh_from_db()
        kept = self.order.total_minor - self.order.refunded_minor
        states = {
            run.step.rpartition(".")[2]: run.state
            for run in StepRun.objects.filter(order_id=self.order.pk, subject_id=self.order.pk)
        }
        if states["record_payment_analytics_task"] == State.DONE:
            back = (
                RefundFact.objects.filter(refund__order=self.order).aggregate(sum=Sum("amount_minor"))["sum"]
                or 0
            )
            self.assertEqual(SaleFact.objects.get(order=self.order).total_minor + back, kept)
        entries = LoyaltyEntry.objects.filter(order=self.order)
        if states["process_loyalty_rewards_task"] == State.DONE:
            earned = entries.get(kind="earn").points
            self.assertEqual(
                entries.aggregate(sum=Sum("points"))["sum"], earned * kept // self.order.total_minor
            )
        else:
            self.assertFalse(entries.exists())
        self.assert_sums()

    def assert_sums(self) -> None:
        points = (
            LoyaltyEntry.objects.filter(member__isnull=False).values_list("member").annotate(s=Sum("points"))
        )
        self.assertEqual(dict(LoyaltyBalance.objects.values_list("member", "points")), dict(points))
        moved = StockMovement.objects.values_list("ingredient").annotate(s=Sum("quantity"))
        self.assertEqual(dict(Stock.objects.values_list("ingredient", "on_hand")), dict(moved))
        hours = HourlySales.objects.aggregate(gross=Sum("total_minor"), back=Sum("refunded_minor"))
        self.assertEqual(hours["gross"] or 0, SaleFact.objects.aggregate(s=Sum("total_minor"))["s"] or 0)
        self.assertEqual(hours["back"] or 0, -(RefundFact.objects.aggregate(s=Sum("amount_minor"))["s"] or 0))

    def assert_everybody_knows(self, refund: str) -> None:
        cooking = [t for t in self.till.orders() if t.reference_id == str(self.order.public_id)]
        self.assertLessEqual(len(cooking), 1)
        if refund in ("whole", "two parts"):
            self.assertEqual([t for t in cooking if not t.canceled], [])
            # Who may have been told to cook is told not to; once.
            self.assertLessEqual(len(self.letters("staff")), len(self.cancellations()))
            self.assertLessEqual(len(self.cancellations()), 1)
        notices = StepRun.objects.filter(order_id=self.order.pk, step__endswith="send_refund_notice_task")
        self.assertEqual({run.state for run in notices}, {State.DONE})

    def cancellations(self) -> list[object]:
        return [
            letter
            for letter in self.mailbox.messages()
            if f"<order-{self.order.public_id}.cancelled-" in str(letter.message_id)
        ]
