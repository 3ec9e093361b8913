from datetime import timedelta

from django.db.models import F
from django.test import TestCase
from django.utils import timezone

from pipeline import dispatcher, restored
from pipeline.claims import Claim
from pipeline.models import DatabaseMark, State
from pipeline.testing import Sink, database_step, history_of, outside_step, promised, run_of


class TestRestoredDatabase(TestCase):
    def setUp(self):
        self.counting = self.enterContext(database_step())

    def restore(self):
        """
        What the restored note looks like in its new place.
        """
        restored.settle_here()
        DatabaseMark.objects.update(table_oid=1)

    def test_is_told_from_one_that_is_where_it_was(self):
        self.assertFalse(restored.is_elsewhere())
        dispatcher.dispatch()
        self.assertFalse(restored.is_elsewhere())

        self.restore()

        self.assertTrue(restored.is_elsewhere())

    def test_dispatches_nothing_until_it_is_released(self):
        promised(self.counting, 1)
        self.restore()

        with self.assertLogs("rms.pipeline", "WARNING") as told:
            sent = dispatcher.dispatch()

        self.assertEqual((sent, run_of(self.counting, 1).state), (0, State.PROMISED))
        self.assertIn("dispatch.held", told.output[0])
        restored.release(by="anna")
        self.assertEqual(dispatcher.dispatch(), 1)

    def test_buries_what_may_have_been_sent_in_whatever_state_it_was(self):
        letters = self.enterContext(outside_step(Sink()))
        promised(letters, 1, 2)
        Claim.take(step=letters, subjects=[2])
        self.restore()

        held = restored.release(by="anna")

        self.assertEqual((held.buried, held.to_look_up), (2, 0))
        for order in (1, 2):
            self.assertEqual(run_of(letters, order).state, State.BURIED)
            self.assertEqual(history_of(letters, order), ["buried"])

    def test_looks_up_what_can_be_looked_up(self):
        with outside_step(sink := Sink(), looks_up=True) as till:
            promised(till, 1)
            self.restore()

            held = restored.release(by="anna")
            till_task = Claim.take(step=till, subjects=[1])

            self.assertEqual((held.buried, held.to_look_up), (0, 1))
            self.assertTrue(till_task.attempts[1].outcome_unknown)
            self.assertEqual(sink.attempts, [])

    def test_buries_the_letters_of_a_payment_that_is_heard_of_again(self):
        before, after = timezone.now() - timedelta(hours=1), timezone.now() + timedelta(hours=1)
        letters = self.enterContext(outside_step(Sink()))
        promised(letters, 1, 2, 3)
        restored.hold_what_may_have_been_done(order_id=1, happened_at=before)  # nobody has released anything
        self.restore()
        restored.settle_here(released=True)

        restored.hold_what_may_have_been_done(order_id=2, happened_at=before)
        restored.hold_what_may_have_been_done(order_id=3, happened_at=after)

        states = [run_of(letters, order).state for order in (1, 2, 3)]
        self.assertEqual(states, [State.PROMISED, State.BURIED, State.PROMISED])

    def test_is_told_by_its_cluster_where_its_numbers_are_the_same(self):
        restored.settle_here()
        DatabaseMark.objects.update(cluster=F("cluster") - 1)

        self.assertTrue(restored.is_elsewhere())

    def test_leaves_the_steps_of_our_own_database_alone(self):
        promised(self.counting, 1)
        self.restore()

        restored.release(by="anna")

        self.assertEqual((run_of(self.counting, 1).state, history_of(self.counting, 1)), (State.PROMISED, []))
