import threading
from dataclasses import dataclass

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from pipeline import pace, stopping
from pipeline.declaring import declared_temporarily
from pipeline.failures import NotNow, PermanentFailure
from pipeline.models import State, StepRun
from pipeline.queues import Queue
from pipeline.rate_limits import RateLimit
from pipeline.runner import carry_out
from pipeline.steps import Effect, menu
from pipeline.testing import POLICY, Sink, outside_step, promised, run_of
from pipeline.window import Window


def is_quick(step):
    pace.note(step, 0.001)
    return step


def is_slow(step):
    pace.note(step, 5.0)
    return step


class TestPace(TestCase):
    def test_of_a_side_that_nobody_knows_runs_nothing_ahead(self):
        with outside_step(Sink()) as step:
            self.assertEqual(pace.pace_of(step), pace.Pace())

    def test_of_a_quick_side_keeps_parcels_ready(self):
        with outside_step(Sink(), at_once=4) as step:
            self.assertEqual(pace.pace_of(is_quick(step)).ready, 4)

    def test_of_a_slow_side_runs_nothing_ahead(self):
        with outside_step(Sink()) as step:
            self.assertEqual(pace.pace_of(is_slow(step)), pace.Pace())

    def test_of_a_side_that_hangs_is_slow_after_one_answer(self):
        with outside_step(Sink()) as step:
            is_quick(step)
            pace.note(step, 10.0)

            self.assertEqual(pace.pace_of(step), pace.Pace())

    def test_with_a_rate_limit_runs_nothing_ahead(self):
        with outside_step(Sink(), rate_limit=RateLimit(name="mild", per_second=5)) as step:
            self.assertEqual(pace.pace_of(is_quick(step)), pace.Pace())

    def test_is_not_learned_from_being_turned_away_at_the_door(self):
        def behaviour(_attempt):
            raise NotNow("not you again")

        with outside_step(Sink(behaviour=behaviour)) as step:
            promised(step, 1)
            carry_out(step, [1])

            self.assertEqual(pace.seconds_of(step), 0)


class TestQuickSide(TestCase):
    def setUp(self):
        self.sink = Sink()
        self.step = is_quick(self.enterContext(outside_step(self.sink, at_once=3)))

    def test_gets_every_order_once(self):
        promised(self.step, *range(1, 41))

        results = carry_out(self.step, range(1, 41))

        self.assertEqual(sorted(a.order_id for a in self.sink.attempts), list(range(1, 41)))
        self.assertEqual({r.state for r in results.values()}, {State.DONE})

    def test_gets_at_most_so_many_at_once(self):
        promised(self.step, *range(1, 13))
        busy, most, turn = 0, 0, threading.Lock()
        together = threading.Barrier(3, timeout=10)

        def behaviour(_attempt):
            nonlocal busy, most
            with turn:
                busy += 1
                most = max(most, busy)
            together.wait()
            with turn:
                busy -= 1
            return {}

        self.sink.behaviour = behaviour
        carry_out(self.step, range(1, 13))

        self.assertEqual((most, len(self.sink.attempts)), (3, 12))

    def test_is_claimed_for_in_fewer_statements(self):
        def statements_for(step, orders):
            promised(step, *orders)
            with CaptureQueriesContext(
                connection,
            ) as captured:
                carry_out(step, orders)
            return sum("attempts = run.attempts + 1" in query["sql"] for query in captured)

        with outside_step(Sink(), name="unknown_task", at_once=3) as unknown:
            pace._seconds[unknown] = pace.QUICK_SECONDS  # just not quick
            slow = statements_for(unknown, range(101, 110))

        self.assertLess(statements_for(self.step, range(1, 10)), slow)

    def test_loses_no_attempt_over_what_stands_ready_when_the_worker_is_asked_to_stop(self):
        self.addCleanup(lambda: stopping._asked.__setitem__(0, 0))
        self.sink.behaviour = lambda _attempt: stopping.stop_taking_on() or {}
        promised(self.step, *range(1, 31))
        StepRun.objects.update(state=State.SENT)

        carry_out(self.step, range(1, 31))

        sent = {attempt.order_id for attempt in self.sink.attempts}
        for order in range(1, 31):
            run = run_of(self.step, order)
            wanted = (State.DONE, 1) if order in sent else (run.state, 0)
            self.assertEqual((run.state, run.attempts, run.sending_at), (*wanted, None))
            self.assertIn(run.state, (State.DONE, State.PROMISED, State.WAITING))
        self.assertLessEqual(len(sent), 6)

    def test_that_turns_slow_gets_nothing_whose_lease_could_be_over(self):
        promised(self.step, *range(1, 4))
        window = Window(self.step, in_company=True, by_hand=False)
        window.take([1, 2, 3])
        window.packed_at -= 60

        window.send()

        runs = [run_of(self.step, order) for order in (1, 2, 3)]
        self.assertEqual([(run.state, run.attempts) for run in runs], [(State.WAITING, 0)] * 3)
        self.assertEqual(self.sink.attempts, [])


class TestSlowSide(TestCase):
    def test_gets_no_long_messages(self):
        with outside_step(Sink(), at_once=1) as step:
            promised(is_slow(step), *range(1, 11))
            StepRun.objects.update(state=State.SENT)
            pace._seconds[step] = 1e9  # whatever the sink does

            carry_out(step, range(1, 11))

            states = [run_of(step, n).state for n in range(1, 11)]
            self.assertEqual(states, [State.DONE] * 4 + [State.PROMISED] * 6)


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
