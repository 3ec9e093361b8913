import threading
import time

from django.db import connection
from django.test import TestCase, TransactionTestCase

from pipeline.models import State
from pipeline.rate_limits import RateLimit
from pipeline.runner import carry_out
from pipeline.statements import execute
from pipeline.testing import Sink, outside_step, promised, run_of, seconds_until_due


def let_pass(name, seconds):
    """
    Let the time pass in which permits come in.
    """
    execute(
        "UPDATE pipeline_turnstile SET free_at = free_at - make_interval(secs => %(s)s) WHERE name = %(n)s",
        s=seconds,
        n=name,
    )


class TestRateLimit(TestCase):
    def setUp(self):
        self.limit = RateLimit(name="till", per_second=0.1)

    def test_of_none_grants_everything_and_asks_nobody(self):
        with self.assertNumQueries(0):
            permits = RateLimit(name="none", per_second=0).take(1_000)

        self.assertEqual(permits.granted, 1_000)

    def test_grants_a_quarter_of_a_second_at_once_and_then_says_how_long_to_wait(self):
        limit = RateLimit(name="mail", per_second=0.001)

        first, second = limit.take(5), limit.take(5)

        self.assertEqual((first.granted, second.granted), (1, 0))
        self.assertAlmostEqual(second.next_in_seconds, 1_000, delta=60)

    def test_grants_what_has_come_in_meanwhile_but_saves_nothing_up(self):
        self.limit.take(1)
        let_pass("till", 10)
        after_its_time = self.limit.take(1)
        let_pass("till", 3_600)

        after_an_hour = self.limit.take(100)

        self.assertEqual((after_its_time.granted, after_an_hour.granted), (1, 1))

    def test_of_any_number_a_second_grants_so_many(self):
        for per_second in (*range(1, 14), 17, 30, 60, 99):
            with self.subTest(per_second=per_second):
                limit = RateLimit(name=f"of {per_second}", per_second=per_second)
                granted = limit.take(1).granted
                for _ in range(per_second):
                    let_pass(limit.name, round(1 / per_second, 6))
                    granted += limit.take(1).granted

                self.assertEqual(granted, per_second + 1)

    def test_forgets_what_a_clock_that_went_back_had_promised(self):
        limit = RateLimit(name="clock", per_second=10)
        limit.take(1)
        let_pass("clock", -3_600)

        permits = limit.take(1)

        self.assertLessEqual(permits.next_in_seconds, 0.1)

    def test_is_shared_by_all_that_name_it_and_by_nobody_else(self):
        self.limit.take(1)

        self.assertEqual(RateLimit(name="till", per_second=0.1).take(1).granted, 0)
        self.assertEqual(RateLimit(name="mail", per_second=0.1).take(1).granted, 1)

    def test_below_zero_makes_no_sense(self):
        with self.assertRaisesRegex(ValueError, "0 means none"):
            RateLimit(name="till", per_second=-1)


class TestStepWithARateLimit(TestCase):
    def setUp(self):
        self.sink = Sink()

    def test_starts_no_more_than_allowed_and_gives_the_others_back_without_an_attempt(self):
        with outside_step(self.sink, rate_limit=RateLimit(name="slow", per_second=0.01)) as step:
            promised(step, 1, 2, 3)
            execute("UPDATE pipeline_steprun SET state = 'sent'")

            results = carry_out(step, [1, 2, 3])

            runs = [run_of(step, n) for n in (2, 3)]
            self.assertEqual((list(results), len(self.sink.attempts)), ([1], 1))
            self.assertEqual([(run.state, run.attempts) for run in runs], [(State.PROMISED, 0)] * 2)
            self.assertAlmostEqual(seconds_until_due(step, 2), 100, delta=20)

    def test_waits_for_permits_that_come_soon(self):
        with outside_step(self.sink, rate_limit=RateLimit(name="brisk", per_second=20)) as step:
            promised(step, *range(1, 13))

            results = carry_out(step, range(1, 13))

            self.assertEqual({result.state for result in results.values()}, {State.DONE})
            self.assertEqual(len(self.sink.attempts), 12)

    def test_by_hand_obeys_it_too(self):
        with outside_step(self.sink, rate_limit=RateLimit(name="slow", per_second=0.01)) as step:
            promised(step, 1, 2)

            answers = [carry_out(step, [n], by_hand=True) for n in (1, 2)]

            self.assertEqual([len(answer) for answer in answers], [1, 0])

    def test_has_little_under_way_so_that_no_worker_stands_waiting(self):
        with outside_step(self.sink, rate_limit=RateLimit(name="slow", per_second=3)) as step:
            self.assertEqual(step.underway_at_most, 6)


class TestRateLimitOfManyWorkers(TransactionTestCase):
    RATE, WORKERS, SECONDS = 40, 4, 1.0

    def test_is_one_for_all(self):
        granted = []
        start = threading.Barrier(self.WORKERS + 1)
        threads = [threading.Thread(target=self.work, args=(start, granted)) for _ in range(self.WORKERS)]
        for thread in threads:
            thread.start()
        start.wait()
        began = time.monotonic()
        for thread in threads:
            thread.join(60)
        took = time.monotonic() - began

        self.assertLessEqual(sum(granted), self.RATE * (took + 0.25) + 1)
        self.assertGreater(sum(granted), self.RATE / 4)

    def work(self, start, granted):
        limit = RateLimit(name="busy", per_second=self.RATE)
        try:
            connection.ensure_connection()
            start.wait()
            give_up_at = time.monotonic() + self.SECONDS
            while time.monotonic() < give_up_at:
                granted.append(limit.take(3).granted)
        finally:
            connection.close()
