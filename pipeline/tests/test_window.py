import threading
from collections import Counter
from dataclasses import dataclass

from django.test import TestCase

from pipeline import crash_points, lanes, stopping
from pipeline.crash_points import Point
from pipeline.crashing import ProvokedCrash
from pipeline.declaring import declared_temporarily
from pipeline.failures import PermanentFailure
from pipeline.models import State, StepRun
from pipeline.queues import Queue
from pipeline.rate_limits import RateLimit
from pipeline.runner import carry_out
from pipeline.steps import Effect, menu
from pipeline.testing import POLICY, Sink, make_due, outside_step, promised, run_of
from pipeline.window import Window

PATIENCE_SECONDS = 10
AT_ONCE = 3
ORDERS = range(1, 13)


def underway():
    """
    How many rows are marked as sending, and how many are claimed only.
    """
    marked = Counter(run.sending_at is not None for run in StepRun.objects.filter(state=State.RUNNING))
    return marked[True], marked[False]


class WindowTestCase(TestCase):
    """
    A step with three senders, and twelve orders of which each is promised.
    """

    def setUp(self):
        self.addCleanup(crash_points.listen, None)
        self.sink = Sink()
        self.step = self.enterContext(outside_step(self.sink, at_once=AT_ONCE))
        promised(self.step, *ORDERS)
        StepRun.objects.update(state=State.SENT)

    def at(self, point, act):
        crash_points.listen(lambda passed, _step: act() if passed is point else None)

    def states(self, orders=ORDERS):
        return [(run_of(self.step, order).state, run_of(self.step, order).attempts) for order in orders]


class TestClaimingAhead(WindowTestCase):
    def test_marks_no_more_than_there_are_senders_and_claims_one_group_more(self):
        seen = []
        crash_points.listen(
            lambda point, _step: seen.append(underway()) if point is not Point.SENDER_BEGINS else None
        )

        carry_out(self.step, ORDERS)

        self.assertEqual(max(marked for marked, _ in seen), AT_ONCE)
        self.assertLessEqual(max(ahead for _, ahead in seen), AT_ONCE)
        self.assertEqual(self.states(), [(State.DONE, 1)] * len(ORDERS))

    def test_happens_while_the_others_are_being_sent(self):
        claims, claimed_ahead = [], threading.Event()

        def count():
            claims.append(underway())
            if len(claims) == 2:
                claimed_ahead.set()

        self.at(Point.CLAIMED, count)
        self.sink.behaviour = lambda _attempt: {"in_time": claimed_ahead.wait(PATIENCE_SECONDS)}

        results = carry_out(self.step, ORDERS)

        self.assertTrue(all(result.report["in_time"] for result in results.values()))
        self.assertEqual(claims[:2], [(0, AT_ONCE), (AT_ONCE, AT_ONCE)])

    def test_does_not_happen_where_a_rate_limit_counts(self):
        ahead = []
        limit = RateLimit(name="quick", per_second=1_000)
        with outside_step(Sink(), name="send_slowly_task", at_once=AT_ONCE, rate_limit=limit) as step:
            promised(step, *ORDERS)
            self.at(Point.ANSWERS_CAME, lambda: ahead.append(underway()[1]))

            carry_out(step, ORDERS)

            self.assertEqual(set(ahead), {0})
            self.assertEqual({run_of(step, order).state for order in ORDERS}, {State.DONE})

    def test_leaves_one_group_in_doubt_and_one_that_has_lost_its_attempt_when_the_worker_dies(self):
        def die():
            raise ProvokedCrash

        self.at(Point.ANSWERS_CAME, die)

        with self.assertRaises(ProvokedCrash):
            carry_out(self.step, ORDERS)

        self.assertEqual(underway(), (AT_ONCE, AT_ONCE))
        self.assertEqual(self.states(ORDERS[2 * AT_ONCE :]), [(State.SENT, 0)] * (len(ORDERS) - 2 * AT_ONCE))


class TestWhatIsClaimedAndHasNotLeft(WindowTestCase):
    def test_is_given_back_uncounted_when_the_worker_is_asked_to_stop(self):
        self.addCleanup(lambda: stopping._asked.__setitem__(0, 0))
        self.at(Point.ANSWERS_CAME, stopping.stop_taking_on)

        carry_out(self.step, ORDERS)

        self.assertEqual(len(self.sink.attempts), AT_ONCE)
        self.assertEqual(underway(), (0, 0))
        self.assertEqual(
            Counter(self.states()),
            {(State.DONE, 1): AT_ONCE, (State.WAITING, 0): AT_ONCE, (State.PROMISED, 0): len(ORDERS) - 2 * AT_ONCE},
        )  # fmt: skip

    def test_stays_where_its_lane_is_paused(self):
        self.at(Point.CLAIMED, lambda: lanes.pause(lane=Queue.DEFAULT, by="anna", reason="a test"))

        carry_out(self.step, [1, 2])

        self.assertEqual(self.states([1, 2]), [(State.WAITING, 0)] * 2)
        self.assertEqual(self.sink.attempts, [])

    def test_does_not_leave_when_its_lease_is_over(self):
        self.at(Point.PACKED, lambda: make_due(self.step, 1))

        carry_out(self.step, [1, 2])

        self.assertEqual([attempt.order_id for attempt in self.sink.attempts], [2])
        self.assertEqual(self.states([1, 2]), [(State.WAITING, 0), (State.DONE, 1)])

    def test_is_left_alone_where_somebody_else_has_taken_over(self):
        window = Window(self.step, in_company=True, by_hand=False)
        window.take([1])
        make_due(self.step, 1)
        StepRun.objects.filter(subject_id=1).update(state=State.PROMISED, lease_token=None)
        other = Window(self.step, in_company=True, by_hand=False)
        other.take([1])

        window.send()

        self.assertEqual(self.states([1]), [(State.RUNNING, 2)])
        self.assertEqual(self.sink.attempts, [])


@dataclass
class Loose:
    sink: Sink
    wrapped_in: list

    def send(self, attempt):
        return self.wrapped(attempt).send(attempt)

    def wrapped(self, attempt):
        self.wrapped_in.append(threading.current_thread())
        if attempt.order_id == 2:
            raise PermanentFailure("no address")
        return self.sink


class TestLooseParcel(TestCase):
    def setUp(self):
        self.sink, self.wrapped_in = Sink(), []

        def send_loose_task(order_ids):
            """Send something that has to be wrapped."""
            return {order_id: Loose(self.sink, self.wrapped_in) for order_id in order_ids}

        how = {"queue": Queue.DEFAULT, "retry": POLICY, "effect": Effect.OUTSIDE}
        task = self.enterContext(declared_temporarily(send_loose_task, **how))
        self.step = menu.find(task.name)

    def test_is_wrapped_before_a_sender_gets_it(self):
        promised(self.step, 1)

        carry_out(self.step, [1])

        self.assertEqual(self.wrapped_in, [threading.current_thread()])
        self.assertEqual(len(self.sink.attempts), 1)

    def test_that_cannot_be_wrapped_fails_alone_and_never_counts_as_sent(self):
        promised(self.step, 1, 2, 3)

        carry_out(self.step, [1, 2, 3])

        runs = [run_of(self.step, n) for n in (1, 2, 3)]
        self.assertEqual([run.state for run in runs], [State.DONE, State.BURIED, State.DONE])
        self.assertIsNone(runs[1].sending_at)
