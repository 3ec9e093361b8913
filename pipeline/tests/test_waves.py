import time
from unittest.mock import patch

from pipeline import dispatcher
from pipeline.claims import Claim
from pipeline.queues import Queue
from pipeline.statements import execute
from pipeline.steps import Step
from pipeline.testing import Sink, database_step, outside_step, promised
from pipeline.tests.test_dispatcher import BrokerTestCase


class TestMessageThatNobodyHasTaken(BrokerTestCase):
    """
    It stands for workers that are busy: what comes meanwhile travels together.
    """

    def setUp(self):
        super().setUp()
        self.enterContext(patch.object(dispatcher, "HELD_SECONDS", 15))  # however slow the machine is
        self.step = self.enterContext(database_step())

    def sent(self, step: Step, *order_ids: int) -> int:
        promised(step, *order_ids)
        return dispatcher.dispatch()

    def waiting(self, step: Step, order_id: int) -> None:
        """
        A message that has waited for longer than it would where workers keep up.
        """
        self.sent(step, order_id)
        sent_earlier(step, seconds=0.2)

    def test_holds_back_the_next_order_of_its_step(self):
        self.waiting(self.step, 1)

        self.assertEqual(self.sent(self.step, 2), 0)

    def test_lets_the_next_ones_travel_together_once_it_is_taken(self):
        self.waiting(self.step, 1)
        for order in (2, 3):
            self.sent(self.step, order)
        Claim.take(step=self.step, subjects=[1])

        self.assertEqual(dispatcher.dispatch(), 2)

        self.assertEqual([arguments for _, arguments in self.messages()], [[1], [[2, 3]]])

    def test_does_not_hold_back_a_full_message(self):
        self.waiting(self.step, 1)

        sent = self.sent(self.step, *range(2, 2 + self.step.together + 7))

        self.assertEqual(sent, self.step.together)

    def test_holds_back_the_orders_of_other_steps(self):
        with database_step(name="change_more_task", queue=Queue.LOYALTY) as other:
            self.waiting(self.step, 1)

            self.assertEqual(self.sent(other, 1), 0)

    def test_holds_nobody_back_while_workers_keep_up(self):
        self.sent(self.step, 1)
        sent_earlier(self.step, seconds=-30)

        self.assertEqual(self.sent(self.step, 2), 1)

    def test_holds_nobody_back_for_long(self):
        self.sent(self.step, 1)
        sent_earlier(self.step, seconds=16)

        self.assertEqual(self.sent(self.step, 2), 1)

    def test_holds_back_no_other_step_where_it_waits_for_the_outside(self):
        with outside_step(Sink(), queue=Queue.EMAILS) as outside:
            self.waiting(outside, 1)

            self.assertEqual(self.sent(self.step, 1), 1)

    def test_does_not_hold_back_what_travels_alone(self):
        self.waiting(self.step, 1)
        promised(self.step, 2)
        execute("UPDATE pipeline_steprun SET alone = true WHERE subject_id = 2")

        self.assertEqual(dispatcher.dispatch(), 1)

    def test_is_not_one_that_was_sent_again(self):
        self.waiting(self.step, 1)
        execute("UPDATE pipeline_steprun SET sends = 2")

        self.assertEqual(self.sent(self.step, 2), 1)


class TestWorkerThatHasFinished(BrokerTestCase):
    def test_lets_the_dispatcher_know_that_more_is_due(self):
        with database_step() as step:
            promised(step, 1, 2)
            sent_earlier(step, seconds=1)

            Claim.take(step=step, subjects=[1]).finish({1: None})

            self.assert_nudged()

    def assert_nudged(self) -> None:
        give_up_at = time.monotonic() + 20
        while not (nudges := self.taken_from(Queue.POST_PAYMENT)):
            self.assertLess(time.monotonic(), give_up_at, "nobody nudged the dispatcher")
            time.sleep(0.02)
        self.assertIn(b"hurry", bytes(nudges[0].body))


def sent_earlier(step: Step, *, seconds: float) -> None:
    """
    As if the step's orders had become due, or been sent, so much earlier.
    """
    execute(
        "UPDATE pipeline_steprun SET due_at = due_at - make_interval(secs => %(seconds)s::float) WHERE step = %(step)s",
        step=step.name,
        seconds=seconds,
    )
