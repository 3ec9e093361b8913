"""
What was done long ago is forgotten, and nothing that somebody may still ask for.
"""

import io
import time

from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import TestCase, override_settings

from analytics.models import RefundFact
from devtools.stripe_sender import events
from loyalty.models import LoyaltyEntry
from operations.forgetting import TooYoung, forget_old_runs
from orders.models import Order, Refund
from orders.testing import make_order, make_refund
from payments import tasks
from payments.hooks import run_refund_hooks
from payments.models import StripeEvent
from payments.testing import deliver, sale_of
from pipeline import forgetting
from pipeline.models import ForgottenRuns, State, StepEvent, StepRun
from pipeline.runner import carry_out
from pipeline.statements import execute
from pipeline.steps import Subject, menu

KEPT_DAYS = 400
COUNTERS = (
    tasks.record_payment_analytics_task,
    tasks.process_loyalty_rewards_task,
    tasks.update_inventory_levels_task,
)


def forget(**how):
    return forget_old_runs(**{"older_than_days": KEPT_DAYS, "within_seconds": 60, **how})


def end(order: Order, *, days_ago: int = 500, state: State = State.DONE, step: str = "%") -> None:
    """
    Let what is promised of the order have ended like this, so long ago, after an attempt that failed.
    """
    execute(
        "UPDATE pipeline_steprun SET state = %(state)s, due_at = NULL, lease_token = NULL, attempts = 2,"
        "   promised_at = clock_timestamp() - make_interval(days => %(days)s),"
        "   finished_at = clock_timestamp() - make_interval(days => %(days)s)"
        " WHERE order_id = %(order)s AND step LIKE %(step)s",
        state=state.value,
        days=days_ago,
        order=order.pk,
        step=step,
    )


def add_history(order: Order) -> None:
    for run in StepRun.objects.filter(order_id=order.pk):
        StepEvent.objects.create(step_run=run, order_id=order.pk, attempt=1, what=StepEvent.What.FAILED)


class WithAnOldOrder(TestCase):
    def setUp(self):
        self.order = make_order(paid=False, member=True)
        self.sale = sale_of(self.order)
        self.paid = events.payment_intent_succeeded(self.sale)
        deliver(self.paid)
        for step in COUNTERS:
            carry_out(menu.find(step.name), [self.order.pk])
        end(self.order)
        add_history(self.order)

    def runs(self):
        return StepRun.objects.filter(order_id=self.order.pk)


class TestOldOrder(WithAnOldOrder):
    def test_is_forgotten_with_its_history_once_every_step_was_done_long_ago(self):
        young = make_order(paid=False)
        deliver(events.payment_intent_succeeded(sale_of(young)))

        done = forget()

        self.assertEqual(
            (done.pipeline.orders, done.pipeline.step_runs, done.pipeline.history_lines), (1, 6, 6)
        )
        self.assertFalse(self.runs().exists())
        self.assertFalse(StepEvent.objects.exists())
        self.assertEqual(StepRun.objects.filter(order_id=young.pk).count(), 6)
        self.order.refresh_from_db()
        self.assertTrue(self.order.is_paid)

    def test_stays_as_a_whole_while_one_step_ended_otherwise_or_lately(self):
        staff = "%send_staff_notification%"
        for state, days_ago in (
            (State.BURIED, 500),
            (State.SKIPPED, 500),
            (State.DISCARDED, 500),
            (State.DONE, KEPT_DAYS - 1),
        ):
            with self.subTest(state=state):
                end(self.order, state=state, days_ago=days_ago, step=staff)

                self.assertEqual(forget().pipeline.orders, 0)
                self.assertEqual(self.runs().count(), 6)

    def test_stays_as_a_whole_while_its_refund_is_young(self):
        with transaction.atomic():
            run_refund_hooks(make_refund(self.order, minor=100), self.order)

        self.assertEqual(forget().pipeline.orders, 0)
        self.assertGreater(self.runs().count(), 6)

    def test_is_only_counted_by_a_dry_run(self):
        counted = forget(dry_run=True)

        self.assertEqual(self.runs().count(), 6)
        self.assertEqual(counted, forget())

    def test_is_forgotten_in_batches_of_which_none_counts_it_twice(self):
        other = make_order(paid=False)
        deliver(events.payment_intent_succeeded(sale_of(other)))
        end(other)
        how = {"older_than_days": KEPT_DAYS, "until": time.monotonic() + 60, "runs_at_once": 4}

        counted = forgetting.forget(**how, dry_run=True)
        done = forgetting.forget(**how)

        self.assertEqual(counted, done)
        self.assertEqual((done.orders, done.step_runs, done.complete), (2, 12, True))


class TestForgottenOrder(WithAnOldOrder):
    def setUp(self):
        super().setUp()
        forget()

    def test_is_not_promised_again_whatever_stripe_repeats(self):
        for late in (
            self.paid,
            events.payment_intent_succeeded(self.sale, event_id="evt_of_the_same_payment"),
            events.checkout_session_completed(self.sale),
            events.charge_succeeded(self.sale),
        ):
            self.assertEqual(deliver(late), 200)

        self.assertFalse(self.runs().exists())

    def test_is_undone_by_a_refund_as_if_it_were_remembered(self):
        deliver(events.refund_created(self.sale))

        for step in menu.about(Subject.REFUND):
            if step.reverses in {task.name for task in COUNTERS}:
                carry_out(step, [Refund.objects.get().pk])

        reversed_runs = self.runs().filter(step__regex="refund_analytics|reverse_loyalty|return_stock")
        self.assertEqual(set(reversed_runs.values_list("state", flat=True)), {State.DONE})
        self.assertEqual(RefundFact.objects.get().amount_minor, -self.order.total_minor)
        self.assertEqual(sum(LoyaltyEntry.objects.values_list("points", flat=True)), 0)

    def test_leaves_a_step_that_was_never_promised_with_nothing_to_undo(self):
        ForgottenRuns.objects.filter(step=tasks.process_loyalty_rewards_task.name).update(
            first_subject=self.order.pk + 1, last_subject=self.order.pk + 1
        )
        deliver(events.refund_created(self.sale))

        [step] = [one for one in menu if one.reverses == tasks.process_loyalty_rewards_task.name]
        carry_out(step, [Refund.objects.get().pk])

        self.assertEqual(self.runs().get(step=step.name).state, State.SKIPPED)


class TestDatabase(WithAnOldOrder):
    def test_refuses_to_lose_a_run_that_is_young_or_not_done(self):
        for state, days_ago in ((State.DONE, 29), (State.BURIED, 500), (State.SKIPPED, 500)):
            end(self.order, state=state, days_ago=days_ago)
            with self.assertRaisesRegex(DatabaseError, "can be forgotten"), transaction.atomic():
                execute("DELETE FROM pipeline_steprun")

    def test_refuses_to_lose_or_change_the_history_of_a_run_that_is_there(self):
        for rewriting in ("DELETE FROM pipeline_stepevent", "UPDATE pipeline_stepevent SET by = 'bob'"):
            with self.assertRaisesRegex(DatabaseError, "only ever added"), transaction.atomic():
                execute(rewriting)


class TestForgetting(WithAnOldOrder):
    def test_ends_when_its_time_is_up(self):
        done = forget(within_seconds=-1)

        self.assertFalse(done.pipeline.complete)
        self.assertEqual(self.runs().count(), 6)

    def test_is_left_to_whoever_is_at_it(self):
        other = connection.copy()
        self.addCleanup(other.close)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('pipeline.forgetting'))")

        self.assertFalse(forget().pipeline.complete)

    def test_of_what_is_young_is_refused(self):
        with self.assertRaises(TooYoung):
            forget(older_than_days=29)

    def test_is_told_in_the_log_with_numbers_only(self):
        with self.assertLogs("rms.pipeline", level="INFO") as log:
            forget()

        [line] = [record for record in log.records if record.msg == "old_runs.forgotten"]
        self.assertEqual((line.facts["orders"], line.facts["step_runs"]), (1, 6))


class TestIgnoredEvent(TestCase):
    def test_is_forgotten_when_it_is_old_and_one_that_told_of_money_is_not(self):
        order = make_order(paid=False)
        sale = sale_of(order)
        for event in (
            events.payment_intent_created(sale),
            events.payment_intent_succeeded(sale),
        ):
            deliver(event)
        execute("UPDATE payments_stripeevent SET received_at = clock_timestamp() - interval '500 days'")
        deliver(events.payment_intent_processing(sale))

        self.assertEqual(forget(dry_run=True).ignored_events, 1)
        self.assertEqual(forget().ignored_events, 1)
        left = set(StripeEvent.objects.values_list("type", flat=True))
        self.assertEqual(left, {"payment_intent.succeeded", "payment_intent.processing"})


class TestCommand(WithAnOldOrder):
    def forget(self, *words: str) -> str:
        said = io.StringIO()
        call_command("forget_old_runs", *words, stdout=said)
        return said.getvalue()

    def test_says_what_it_forgot(self):
        self.assertIn("Would forget 6 step runs (orders: 1, lines of history: 6)", self.forget("--dry-run"))
        self.assertIn(
            "Forgot 6 step runs (orders: 1, lines of history: 6)", self.forget("--older-than", "300d")
        )

    def test_forgets_nothing_younger_than_it_was_told(self):
        self.assertIn("Forgot 0 step runs", self.forget("--older-than", "501d"))

    def test_refuses_too_few_days(self):
        with self.assertRaisesRegex(CommandError, "write 30d or more"):
            self.forget("--older-than", "29d")

    @override_settings(STEP_RUNS_KEPT_DAYS=0)
    def test_wants_to_be_told_where_all_is_kept_for_ever(self):
        with self.assertRaisesRegex(CommandError, "Say --older-than 400d"):
            self.forget()
