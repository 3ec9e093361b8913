"""
Several workers and several dispatchers at once, each with a database connection of its own.
"""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from celery import current_app
from django.db import connection, transaction
from django.test import TransactionTestCase

from pipeline import dispatcher, lost_leases
from pipeline.claims import Claim
from pipeline.connections import persistently
from pipeline.models import State, StepRun
from pipeline.queues import Queue
from pipeline.retries import RetryPolicy
from pipeline.runner import carry_out
from pipeline.testing import Sink, database_step, outside_step, promised, run_of, seconds_until_due

AT_ONCE = 6


def all_at_once(work):
    """
    Do the work in several threads at the same moment and return what each of them got.
    """
    together = threading.Barrier(AT_ONCE, timeout=20)

    def one(_number):
        try:
            together.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


class TestManyWorkers(TransactionTestCase):
    def test_claim_each_order_once(self):
        with database_step() as step:
            promised(step, *range(1, 101))

            claims = all_at_once(lambda: Claim.take(step=step, subjects=range(1, 101)))

            taken = Counter(subject for claim in claims for subject in claim.subjects)
            self.assertEqual(taken, Counter(range(1, 101)))
            self.assertEqual(set(StepRun.objects.values_list("attempts", flat=True)), {1})

    def test_have_each_effect_once(self):
        effects = Counter()
        turn = threading.Lock()

        def work(order_ids):
            with turn:
                effects.update(order_ids)
            return {}

        with database_step(work) as step:
            promised(step, *range(1, 101))

            all_at_once(lambda: carry_out(step, range(1, 101)))

            self.assertEqual(effects, Counter(range(1, 101)))

    def test_send_each_order_once(self):
        sink = Sink()
        with outside_step(sink) as step:
            promised(step, *range(1, 51))

            all_at_once(lambda: carry_out(step, range(1, 51)))

            self.assertEqual(Counter(a.order_id for a in sink.attempts), Counter(range(1, 51)))


class TestClaim(TransactionTestCase):
    def test_waits_for_a_dispatcher_that_came_too_late_for_the_row(self):
        with database_step() as step:
            promised(step, 1)

            with ThreadPoolExecutor(1) as worker, transaction.atomic():
                list(StepRun.objects.select_for_update())
                claim = worker.submit(claimed_elsewhere, step)
                wait_until_it_waits(claim)

            self.assertEqual(claim.result(20).subjects, [1])

    def test_does_not_wait_for_a_worker_that_carries_it_out(self):
        with database_step() as step:
            promised(step, 1)
            Claim.take(step=step, subjects=[1])

            with ThreadPoolExecutor(1) as worker, transaction.atomic():
                list(StepRun.objects.select_for_update())
                claim = worker.submit(claimed_elsewhere, step).result(5)

            self.assertEqual(claim.subjects, [])


class TestManyDispatchers(TransactionTestCase):
    def setUp(self):
        with current_app.connection_for_write() as broker:
            for queue in Queue:
                broker.default_channel.queue_purge(queue.value)

    def test_send_each_order_once(self):
        with database_step() as step:
            promised(step, *range(1, 301))

            sent = all_at_once(dispatcher.dispatch)

            self.assertEqual(sum(sent), 300)
            self.assertEqual(set(StepRun.objects.values_list("sends", flat=True)), {1})

    def test_take_back_each_lost_lease_once(self):
        with database_step() as step:
            promised(step, *range(1, 51))
            Claim.take(step=step, subjects=range(1, 51))
            StepRun.objects.update(due_at="2026-01-01T00:00:00Z")

            back = all_at_once(lost_leases.take_back)

            self.assertEqual(sum(back), 50)
            self.assertEqual(run_of(step, 1).events.count(), 1)


def claimed_elsewhere(step):
    """
    Claim the first order over a connection of this thread's own.
    """
    try:
        return Claim.take(step=step, subjects=[1])
    finally:
        connection.close()


def wait_until_it_waits(claim):
    """
    Return when the claim waits for a lock, or has not waited for one.
    """
    give_up_at = time.monotonic() + 10
    while not claim.done() and time.monotonic() < give_up_at:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return


class TestLostConnection(TransactionTestCase):
    def test_does_not_make_us_send_again_what_has_arrived(self):
        def cut_the_line(_attempt):
            with ThreadPoolExecutor(1) as other:
                other.submit(end_the_others, ours).result()
            return {}

        sink = Sink(behaviour=cut_the_line)
        with outside_step(sink, at_once=1) as step:
            promised(step, 1)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                ours = cursor.fetchone()[0]

            carry_out(step, [1])

            self.assertEqual(run_of(step, 1).state, State.DONE)
            self.assertEqual(len(sink.attempts), 1)

    def test_costs_an_attempt_and_no_long_wait(self):
        def lose_it(_order_ids):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                [ours] = cursor.fetchone()
            with ThreadPoolExecutor(1) as other:
                other.submit(end_the_others, ours).result()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")

        with database_step(lose_it, retry=RetryPolicy(times=2, delay_seconds=600)) as step:
            promised(step, 1)

            carry_out(step, [1])

            run = run_of(step, 1)
            self.assertEqual((run.state, run.attempts), (State.WAITING, 1))
            self.assertLess(seconds_until_due(step, 1), 6)

    def test_is_not_mistaken_for_a_statement_that_took_too_long(self):
        def take_too_long(_order_ids):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)")

        with database_step(take_too_long, retry=RetryPolicy(times=2, delay_seconds=600)) as step:
            promised(step, 1)

            carry_out(step, [1])

            self.assertGreater(seconds_until_due(step, 1), 500)

    def test_is_given_up_after_a_while(self):
        from django.db import OperationalError  # noqa: PLC0415 - only here

        tries = []

        def never():
            tries.append(1)
            raise OperationalError("gone")

        with self.assertRaises(OperationalError):
            persistently(never, seconds=0)

        self.assertEqual(len(tries), 1)


def end_the_others(backend):
    """
    End one database connection from another one.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    finally:
        connection.close()
