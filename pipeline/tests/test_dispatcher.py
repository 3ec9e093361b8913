import json
from unittest.mock import patch

from celery import current_app
from django.test import TestCase, override_settings
from kombu.exceptions import BatchPublishError

from pipeline import dispatcher, lanes, lost_leases
from pipeline.claims import Claim
from pipeline.models import State, StepEvent, StepRun
from pipeline.queues import Queue
from pipeline.rate_limits import RateLimit
from pipeline.runner import carry_out
from pipeline.testing import (
    POLICY,
    Sink,
    database_step,
    history_of,
    make_due,
    outside_step,
    promised,
    run_of,
    seconds_until_due,
)


class BrokerTestCase(TestCase):
    """
    With empty queues in a real broker.
    """

    def setUp(self):
        self.empty_the_broker()

    def empty_the_broker(self):
        with current_app.connection_for_write() as connection:
            for queue in Queue:
                connection.default_channel.queue_purge(queue.value)

    def messages(self, queue=Queue.DEFAULT):
        """
        The arguments of all messages in the queue, most urgent first.
        """
        return [(message.headers, json.loads(message.body)[0]) for message in self.taken_from(queue)]

    def priorities(self, queue=Queue.DEFAULT):
        return [message.properties["priority"] for message in self.taken_from(queue)]

    def taken_from(self, queue):
        with current_app.connection_for_read() as connection:
            bound = current_app.amqp.queues[queue.value](connection.default_channel)
            return list(iter(lambda: bound.get(no_ack=True), None))


class TestDispatch(BrokerTestCase):
    def setUp(self):
        super().setUp()
        self.step = self.enterContext(database_step())

    def test_sends_one_order_by_itself_when_it_is_calm(self):
        promised(self.step, 7)

        dispatcher.dispatch()

        [(headers, arguments)] = self.messages()
        self.assertEqual((headers["task"], arguments, headers["ignore_result"]), (self.step.name, [7], True))
        self.assertEqual(run_of(self.step, 7).state, State.SENT)

    def test_sends_many_orders_in_one_message_under_a_backlog(self):
        promised(self.step, *range(1, 251))

        sent = dispatcher.dispatch()

        sizes = [len(arguments[0]) for _, arguments in self.messages()]
        self.assertEqual((sent, sorted(sizes)), (250, [50, 100, 100]))

    def test_sends_smaller_messages_to_the_outside(self):
        with outside_step(Sink(), at_once=3) as step:
            promised(step, *range(1, 25))

            dispatcher.dispatch()

        self.assertEqual([len(arguments[0]) for _, arguments in self.messages()], [12, 12])

    def test_sends_what_died_with_its_worker_alone(self):
        promised(self.step, 1, 2, 3)
        StepRun.objects.filter(subject_id=2).update(alone=True)

        dispatcher.dispatch()

        self.assertEqual(sorted(str(arguments[0]) for _, arguments in self.messages()), ["2", "[1, 3]"])

    def test_sends_nothing_twice_while_its_message_may_still_come(self):
        promised(self.step, 1)
        dispatcher.dispatch()

        self.assertEqual(dispatcher.dispatch(), 0)
        self.assertEqual(len(self.messages()), 1)

    def test_sends_again_what_got_lost_after_a_wait_that_doubles(self):
        promised(self.step, 1)
        waits = []

        for _ in range(3):
            dispatcher.dispatch()
            waits.append(seconds_until_due(self.step, 1))
            make_due(self.step, 1)

        for wait, expected in zip(waits, (40, 80, 160), strict=True):
            self.assertAlmostEqual(wait, expected, delta=3)
        self.assertEqual(history_of(self.step, 1), ["sent_again", "sent_again"])

    def test_says_of_what_it_sends_again_how_often_it_was_tried(self):
        promised(self.step, 1)
        dispatcher.dispatch()
        make_due(self.step, 1)

        with self.assertLogs("rms.pipeline", "WARNING") as told:
            dispatcher.dispatch()

        facts = told.records[0].facts
        self.assertEqual(facts, {"step": self.step.name, "order_ids": [1], "attempts": [0]})

    def test_leaves_what_waits_until_it_is_due(self):
        promised(self.step, 1)
        Claim.take(step=self.step, subjects=[1]).fail(1, because="busy", wait=60, unknown=False)

        early = dispatcher.dispatch()
        make_due(self.step, 1)
        due = dispatcher.dispatch()

        self.assertEqual((early, due), (0, 1))

    def test_leaves_paused_lanes_alone_and_goes_on_at_once_when_they_are_resumed(self):
        promised(self.step, 1)
        lanes.pause(lane=Queue.DEFAULT, by="anna", reason="rebooting")

        paused = dispatcher.dispatch()
        lanes.resume(lane=Queue.DEFAULT, by="anna")

        self.assertEqual((paused, dispatcher.dispatch()), (0, 1))

    def test_makes_due_on_resuming_what_was_turned_away_meanwhile(self):
        promised(self.step, 1)
        dispatcher.dispatch()
        lanes.pause(lane=Queue.DEFAULT, by="anna", reason="rebooting")
        carry_out(self.step, [1])

        lanes.resume(lane=Queue.DEFAULT, by="anna")

        self.assertEqual(dispatcher.dispatch(), 1)

    def test_leaves_rows_of_a_step_alone_that_this_code_does_not_know(self):
        promised(self.step, 1)
        StepRun.objects.update(step="payments.tasks.of_another_release_task")

        self.assertEqual(dispatcher.dispatch(), 0)
        self.assertEqual(StepRun.objects.get().state, State.PROMISED)

    def test_promises_again_what_the_broker_would_not_take(self):
        promised(self.step, 1)

        # Only this way can the broker fail between our commit and the publishing, every time. It is the error that
        # kombu raises when the pipelined batch does not get through.
        with patch.object(dispatcher, "_publish_one", side_effect=BatchPublishError("gone")):
            sent = dispatcher.dispatch()

        self.assertEqual((sent, run_of(self.step, 1).state), (0, State.PROMISED))
        self.assertAlmostEqual(seconds_until_due(self.step, 1), dispatcher.BACK_OFF_SECONDS, delta=1)

    @override_settings(
        CELERY_TASK_ROUTES={"pipeline.testing.change_database_task": {"queue": "loyalty", "priority": 2}}
    )
    def test_obeys_the_routes_of_the_settings(self):
        promised(self.step, 1)

        dispatcher.dispatch()

        self.assertEqual(run_of(self.step, 1).lane, "loyalty")
        self.assertEqual(self.priorities(Queue.LOYALTY), [2])

    def test_publishes_with_the_priority_of_the_menu(self):
        with outside_step(Sink(), priority=8) as urgent:
            promised(self.step, 1)
            promised(urgent, 1)

            dispatcher.dispatch()

        self.assertEqual(self.priorities(), [8, 5])


class TestLostLease(BrokerTestCase):
    def setUp(self):
        super().setUp()
        self.step = self.enterContext(database_step())
        promised(self.step, 1)

    def die_at_work(self):
        Claim.take(step=self.step, subjects=[1])
        make_due(self.step, 1)

    def test_is_taken_back_and_sent_again_alone(self):
        self.die_at_work()

        sent = dispatcher.dispatch()

        run = run_of(self.step, 1)
        self.assertEqual((sent, run.state, run.alone), (1, State.SENT, True))
        self.assertEqual(history_of(self.step, 1), ["lease_lost"])

    def test_says_in_the_history_whether_anything_can_have_left(self):
        with outside_step(Sink()) as step:
            promised(step, 1, 2)
            claim = Claim.take(step=step, subjects=[1, 2])
            claim.only([2]).mark_sending()
            make_due(step, 1)
            make_due(step, 2)

            lost_leases.take_back()

            because = dict(
                StepEvent.objects.filter(step_run__step=step.name).values_list("order_id", "because")
            )
        self.assertEqual(because, {1: lost_leases.GONE, 2: lost_leases.GONE_SENDING})

    def test_is_not_taken_back_before_its_time(self):
        Claim.take(step=self.step, subjects=[1])

        self.assertEqual(dispatcher.dispatch(), 0)
        self.assertEqual(run_of(self.step, 1).state, State.RUNNING)

    def test_is_buried_when_no_attempt_is_left(self):
        for _ in range(POLICY.attempts):
            self.die_at_work()
            dispatcher.dispatch()

        run = run_of(self.step, 1)
        self.assertEqual((run.state, run.attempts, run.due_at), (State.BURIED, POLICY.attempts, None))
        self.assertEqual(history_of(self.step, 1), ["lease_lost"] * POLICY.attempts + ["buried"])

    def test_of_a_zombie_does_not_count_any_more(self):
        zombie = Claim.take(step=self.step, subjects=[1])
        make_due(self.step, 1)
        dispatcher.dispatch()
        carry_out(self.step, [1])

        self.assertEqual(zombie.finish({1: {}}), [])
        self.assertEqual(run_of(self.step, 1).attempts, 2)


class TestPriority(BrokerTestCase):
    def test_is_served_from_nine_down_to_zero_and_none_in_the_middle(self):
        task = current_app.tasks["celery.accumulate"]  # one that neither the menu nor the settings know
        for priority in (3, 9, 0, 5, 8, None, 1):
            how = {} if priority is None else {"priority": priority}
            task.apply_async(queue=Queue.DEFAULT.value, shadow=str(priority), ignore_result=True, **how)

        served = [headers["shadow"] for headers, _ in self.messages()]

        self.assertEqual(served, ["9", "8", "5", "None", "3", "1", "0"])


class TestBacklog(BrokerTestCase):
    def test_on_a_lane_of_yesterday_is_not_forgotten(self):
        with database_step() as step:
            promised(step, 1)
            StepRun.objects.update(lane="post_payment")  # no step is routed there

            self.assertEqual(dispatcher.dispatch(), 1)

    def test_publishes_no_more_than_half_a_minute_of_work(self):
        with outside_step(Sink(), at_once=1) as step:
            promised(step, *range(1, 301))

            first, second = dispatcher.dispatch(), dispatcher.dispatch()

        self.assertEqual((first, second), (step.underway_at_most, 0))


class TestOpenLanes(TestCase):
    def test_have_no_more_under_way_than_their_steps_allow(self):
        with outside_step(Sink(), queue=Queue.DEFAULT, rate_limit=RateLimit(name="slow", per_second=2)):
            self.assertEqual(dispatcher._lanes()["default"], 4)

    def test_empty_slowly_where_no_step_is_routed_to_them_any_more(self):
        self.assertEqual(dispatcher._lanes()["default"], dispatcher.LEFT_OVER_AT_MOST)


class TestLengthOfMessages(TestCase):
    def test_to_the_outside_is_four_windows_while_few_wait(self):
        with outside_step(Sink(), at_once=8) as step:
            self.assertEqual((step.together_of(1), step.together_of(60)), (32, 32))

    def test_to_the_outside_grows_with_the_backlog_but_leaves_several_to_share(self):
        with outside_step(Sink(), at_once=8) as step:
            self.assertEqual((step.together_of(200), step.together_of(5_000)), (100, 128))

    def test_to_the_database_is_always_the_same(self):
        with database_step() as step:
            self.assertEqual((step.together_of(1), step.together_of(5_000)), (100, 100))
