from django.db import DatabaseError, transaction
from django.test import TestCase

from pipeline.dead_letters import CannotDiscard, CannotRevive, discard, revive
from pipeline.failures import PermanentFailure
from pipeline.models import State, StepEvent
from pipeline.runner import carry_out
from pipeline.steps import UnknownStep
from pipeline.testing import Sink, history_of, outside_step, promised, run_of


class TestBuriedStepRun(TestCase):
    def setUp(self):
        self.sink = Sink(behaviour=self.refuse)
        self.step = self.enterContext(outside_step(self.sink))
        promised(self.step, 1)
        carry_out(self.step, [1])

    def refuse(self, _attempt):
        raise PermanentFailure("no such item")

    def test_stays_buried_when_a_message_comes(self):
        results = carry_out(self.step, [1], by_hand=True)

        self.assertEqual(results, {})
        self.assertEqual(len(self.sink.attempts), 1)

    def test_runs_once_more_when_revived(self):
        self.sink.behaviour = lambda _attempt: {}

        revive(order_id=1, step=self.step.name, by="anna", reason="menu mended")
        carry_out(self.step, [1])

        self.assertEqual(run_of(self.step, 1).state, State.DONE)
        self.assertEqual(history_of(self.step, 1), ["buried", "revived"])

    def test_gets_all_its_attempts_again_when_revived(self):
        revive(order_id=1, step=self.step.name, by="anna")

        self.assertEqual(run_of(self.step, 1).attempts, 0)

    def test_is_given_up_with_a_reason(self):
        discard(order_id=1, step=self.step.name, by="anna", reason="told the kitchen by phone")

        run = run_of(self.step, 1)
        self.assertEqual((run.state, run.because), (State.DISCARDED, "told the kitchen by phone"))

    def test_is_not_given_up_without_a_reason(self):
        with self.assertRaises(CannotDiscard):
            discard(order_id=1, step=self.step.name, by="anna", reason=" ")

    def test_is_named_with_a_hint_when_misspelt(self):
        with self.assertRaisesRegex(UnknownStep, "Did you mean send_to_sink"):
            revive(order_id=1, step="send_to_sinc", by="anna")


class TestDoneStepRun(TestCase):
    def test_can_neither_be_revived_nor_given_up(self):
        step = self.enterContext(outside_step(Sink()))
        promised(step, 1)
        carry_out(step, [1])

        with self.assertRaises(CannotRevive):
            revive(order_id=1, step=step.name, by="anna")
        with self.assertRaises(CannotDiscard):
            discard(order_id=1, step=step.name, by="anna", reason="why not")


class TestHistory(TestCase):
    def test_cannot_be_rewritten(self):
        step = self.enterContext(outside_step(Sink()))
        promised(step, 1)
        discard(order_id=1, step=step.name, by="anna", reason="a test")

        for rewriting in (
            lambda: StepEvent.objects.update(by="bob"),
            lambda: StepEvent.objects.all().delete(),
        ):
            with self.assertRaisesRegex(DatabaseError, "only ever added"), transaction.atomic():
                rewriting()
