import threading
from datetime import timedelta

from django.db import connection
from django.test import TestCase

from pipeline.claims import Claim
from pipeline.declaring import declared_temporarily
from pipeline.failures import NotNow, PermanentFailure, TemporaryFailure, UnknownOutcome
from pipeline.models import State, StepRun
from pipeline.queues import Queue
from pipeline.runner import carry_out
from pipeline.steps import Effect, menu
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


class TillBroken(RuntimeError):
    """
    Something that nobody foresaw.
    """


class TestDatabaseStep(TestCase):
    def setUp(self):
        self.calls = []
        self.bad = set()
        self.step = self.enterContext(database_step(self.work))

    def work(self, order_ids):
        self.calls.append(list(order_ids))
        if self.bad & set(order_ids):
            raise TillBroken("a bad order")
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO orders_charge VALUES (%s, 'pi', 'visa', '4242')", [f"ch_{self.calls}"[-200:]]
            )
        return {order_id: {"seen": order_id} for order_id in order_ids}

    def test_does_the_whole_batch_at_once(self):
        promised(self.step, 1, 2, 3)

        results = carry_out(self.step, [1, 2, 3])

        self.assertEqual(self.calls, [[1, 2, 3]])
        self.assertEqual({r.state for r in results.values()}, {State.DONE})
        self.assertEqual(results[2].report, {"seen": 2})

    def test_costs_the_neighbours_of_a_failing_order_no_attempt(self):
        promised(self.step, *range(1, 101))
        self.bad = {50}

        results = carry_out(self.step, range(1, 101))

        done = [n for n, result in results.items() if result.state is State.DONE]
        self.assertEqual(len(done), 99)
        self.assertEqual({run_of(self.step, n).attempts for n in done}, {1})
        self.assertEqual(run_of(self.step, 50).state, State.WAITING)
        self.assertEqual(len(self.calls), 101)

    def test_leaves_no_effect_of_an_order_that_failed(self):
        from orders.models import Charge  # noqa: PLC0415

        promised(self.step, 1)
        self.bad = {1}

        carry_out(self.step, [1])

        self.assertEqual(Charge.objects.count(), 0)

    def test_is_tried_by_its_policy_and_then_buried(self):
        promised(self.step, 1)
        self.bad = {1}
        waits = []

        for _ in range(POLICY.attempts):
            carry_out(self.step, [1])
            if run_of(self.step, 1).state == State.WAITING:
                waits.append(seconds_until_due(self.step, 1))
            make_due(self.step, 1)

        for wait, expected in zip(waits, (30, 60), strict=True):
            self.assertAlmostEqual(wait, expected, delta=expected * 0.1 + 1)
        run = run_of(self.step, 1)
        self.assertEqual((run.state, run.attempts), (State.BURIED, POLICY.attempts))
        self.assertEqual(history_of(self.step, 1), ["failed", "failed", "buried"])
        self.assertIn("TillBroken", run.because)


class TestOutsideStep(TestCase):
    def setUp(self):
        self.sink = Sink()
        self.step = self.enterContext(outside_step(self.sink, at_once=3))

    def test_sends_every_order_once(self):
        promised(self.step, *range(1, 11))

        results = carry_out(self.step, range(1, 11))

        self.assertEqual(sorted(attempt.order_id for attempt in self.sink.attempts), list(range(1, 11)))
        self.assertEqual({r.state for r in results.values()}, {State.DONE})

    def test_sends_at_most_so_many_at_once_and_really_that_many(self):
        promised(self.step, *range(1, 7))
        together = threading.Barrier(3, timeout=10)
        self.sink.behaviour = lambda _attempt: {"arrived": together.wait() >= 0}

        results = carry_out(self.step, range(1, 7))

        self.assertEqual(len(results), 6)
        self.assertEqual({r.state for r in results.values()}, {State.DONE})

    def test_keeps_what_the_other_side_said(self):
        self.sink.behaviour = lambda attempt: {"ticket": f"T{attempt.order_id}"}
        promised(self.step, 1)

        carry_out(self.step, [1])

        self.assertEqual(run_of(self.step, 1).report, {"ticket": "T1"})

    def test_lets_each_order_succeed_or_fail_alone(self):
        def behaviour(attempt):
            if attempt.order_id == 2:
                raise TemporaryFailure("busy")
            if attempt.order_id == 3:
                raise PermanentFailure("will not take it")
            return {}

        self.sink.behaviour = behaviour
        promised(self.step, 1, 2, 3, 4)

        carry_out(self.step, [1, 2, 3, 4])

        states = [run_of(self.step, n).state for n in (1, 2, 3, 4)]
        self.assertEqual(states, [State.DONE, State.WAITING, State.BURIED, State.DONE])

    def test_tells_the_next_attempt_that_the_outcome_is_unknown(self):
        self.sink.behaviour = self._raise(UnknownOutcome("answer lost"))
        promised(self.step, 1)
        carry_out(self.step, [1])
        make_due(self.step, 1)
        self.sink.behaviour = lambda _attempt: {}

        carry_out(self.step, [1])

        self.assertEqual([a.outcome_unknown for a in self.sink.attempts], [False, True])
        self.assertEqual(run_of(self.step, 1).state, State.DONE)

    def test_goes_on_telling_so_after_a_later_attempt_came_to_nothing(self):
        promised(self.step, 1)
        for trouble in (
            UnknownOutcome("answer lost"),
            TemporaryFailure("refused for now"),
            TemporaryFailure("again"),
        ):
            self.sink.behaviour = self._raise(trouble)
            carry_out(self.step, [1])
            make_due(self.step, 1)

        self.assertEqual([a.outcome_unknown for a in self.sink.attempts], [False, True, True])

    def test_does_not_count_what_must_not_be_tried_now(self):
        self.sink.behaviour = self._raise(NotNow("breaker open", seconds=15))
        promised(self.step, 1)

        for _ in range(20):
            carry_out(self.step, [1])
            make_due(self.step, 1)

        run = run_of(self.step, 1)
        self.assertEqual((run.state, run.attempts), (State.WAITING, 0))

    def test_forgets_that_it_was_sending_when_it_was_not_tried(self):
        self.sink.behaviour = self._raise(NotNow("breaker open", seconds=15))
        promised(self.step, 1)
        carry_out(self.step, [1])
        make_due(self.step, 1)

        carry_out(self.step, [1])

        self.assertEqual([a.outcome_unknown for a in self.sink.attempts], [False, False])

    def test_keeps_no_address_in_the_reason(self):
        self.sink.behaviour = self._raise(
            TemporaryFailure("451 try later <guest@example.com> +49 170 1234567")
        )
        promised(self.step, 1)

        carry_out(self.step, [1])

        because = run_of(self.step, 1).because
        self.assertNotIn("guest@example.com", because)
        self.assertNotIn("1234567", because)

    def _raise(self, trouble):
        def behaviour(_attempt):
            raise trouble

        return behaviour


class TestLease(TestCase):
    def setUp(self):
        self.sink = Sink()
        self.step = self.enterContext(outside_step(self.sink, at_once=2))

    def test_that_is_over_before_sending_lets_nothing_leave(self):
        promised(self.step, 1)
        claim = Claim.take(step=self.step, subjects=[1])
        make_due(self.step, 1)

        self.assertEqual(claim.mark_sending(), [])
        self.assertIsNone(run_of(self.step, 1).sending_at)

    def test_begins_anew_when_something_leaves(self):
        promised(self.step, 1)
        claim = Claim.take(step=self.step, subjects=[1])
        StepRun.objects.update(due_at=run_of(self.step, 1).due_at - timedelta(seconds=20))

        claim.mark_sending()

        self.assertAlmostEqual(seconds_until_due(self.step, 1), self.step.lease_seconds, delta=2)

    def test_is_not_given_to_a_lonely_order_in_a_message_with_others(self):
        promised(self.step, 1, 2, 3)
        StepRun.objects.filter(subject_id=3).update(alone=True)

        carry_out(self.step, [1, 2, 3])

        self.assertEqual(sorted(a.order_id for a in self.sink.attempts), [1, 2])


class TestAnswerWithCharactersThatPostgresqlDoesNotTake(TestCase):
    def test_is_kept_without_them(self):
        sink = Sink(behaviour=lambda _attempt: {"ticket": "T\x001", "more": [{"a": "\x00b"}]})
        with outside_step(sink) as step:
            promised(step, 1)

            carry_out(step, [1])

            self.assertEqual(run_of(step, 1).report, {"ticket": "T1", "more": [{"a": "b"}]})

    def test_fails_its_own_order_only(self):
        def behaviour(attempt):
            if attempt.order_id == 2:
                raise TemporaryFailure("451 \x00")
            return {}

        with outside_step(Sink(behaviour=behaviour)) as step:
            promised(step, 1, 2, 3)

            carry_out(step, [1, 2, 3])

            self.assertEqual(
                [run_of(step, n).state for n in (1, 2, 3)], [State.DONE, State.WAITING, State.DONE]
            )


class TestParcels(TestCase):
    def test_that_are_missing_fail_their_own_order_only(self):
        sink = Sink()

        def forgetful_task(order_ids):
            """Forget order 2."""
            return {order_id: sink for order_id in order_ids if order_id != 2}

        with declared_temporarily(
            forgetful_task, queue=Queue.DEFAULT, retry=POLICY, effect=Effect.OUTSIDE
        ) as task:
            step = menu.find(task.name)
            promised(step, 1, 2, 3)

            carry_out(step, [1, 2, 3])

            self.assertEqual(
                [run_of(step, n).state for n in (1, 2, 3)], [State.DONE, State.WAITING, State.DONE]
            )
            self.assertIn("WrongParcels", run_of(step, 2).because)
