"""
Dispatchers and workers that storm the same step runs until everything is done.
"""

import threading
from collections import Counter

from celery import current_app
from django.db import connection
from django.test import TransactionTestCase

from pipeline import answers, dispatcher, lost_leases
from pipeline.dead_letters import CannotRevive, revive
from pipeline.failures import PermanentFailure
from pipeline.models import AT_REST, State, StepEvent, StepRun
from pipeline.queues import Queue
from pipeline.runner import carry_out
from pipeline.steps import menu
from pipeline.testing import Sink, database_step, make_due, outside_step, promised
from tests.chaos.machines.post import Post
from tests.chaos.machines.races import DEADLINE_SECONDS, at_once

ORDERS = range(1, 121)


class TestStorm(TransactionTestCase):
    def setUp(self):
        self.finished = threading.Event()
        self.effects: Counter[int] = Counter()
        self.turn = threading.Lock()

    def count(self, order_ids):
        with self.turn:
            self.effects.update(order_ids)
        return {}

    def dispatch_until_finished(self):
        while not self.finished.wait(0.02):
            dispatcher.dispatch()

    def work_until_finished(self):
        """
        Take messages from the real queue, as many workers do, and carry each of them out twice.
        """
        with current_app.connection_for_read() as line:
            queue = current_app.amqp.queues[Queue.DEFAULT.value](line.default_channel)
            while not self.finished.is_set():
                if (found := queue.get(no_ack=True)) is None:
                    self.finished.wait(0.01)
                    continue
                argument = found.decode()[0][0]
                for _ in range(2):
                    answers.to_the_dispatcher(menu.find(found.headers["task"]), argument)

    def watch(self):
        for _ in range(DEADLINE_SECONDS * 20):
            if not StepRun.objects.exclude(state__in=AT_REST).exists():
                break
            self.finished.wait(0.05)
        self.finished.set()

    def test_of_two_dispatchers_and_four_workers_does_everything_once(self):
        sink = Sink()
        with database_step(self.count) as counted, outside_step(sink, at_once=4) as sent:
            Post([Queue.DEFAULT]).close()  # throws away what other tests have left
            promised(counted, *ORDERS)
            promised(sent, *ORDERS)

            at_once([self.watch, *[self.dispatch_until_finished] * 2, *[self.work_until_finished] * 4])

            self.assertEqual(set(StepRun.objects.values_list("state", "attempts")), {(State.DONE, 1)})
            self.assertEqual(self.effects, Counter(ORDERS))
            self.assertEqual(Counter(a.order_id for a in sink.attempts), Counter(ORDERS))


class TestTakingBackAtOnce(TransactionTestCase):
    def test_lets_the_zombie_or_the_next_worker_finish_but_never_both(self):
        effects = []

        def work(order_ids):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.02)")
            effects.extend(order_ids)
            return {}

        with database_step(work) as step:
            for order in range(1, 11):
                promised(step, order)

                def be_slow(order=order):
                    carry_out(step, [order])

                def take_over(order=order):
                    make_due(step, order)
                    lost_leases.take_back()
                    carry_out(step, [order])

                at_once([be_slow, take_over, take_over])

            runs = Counter(StepRun.objects.values_list("state", flat=True))
            self.assertEqual(runs[State.DONE] + runs[State.PROMISED] + runs[State.RUNNING], 10)
            self.assertEqual(len(effects), len(set(effects)), "an effect came twice")


class TestRevivingAtOnce(TransactionTestCase):
    def test_is_done_by_one_person_only(self):
        def refuse(_attempt):
            raise PermanentFailure("no such address")

        with outside_step(Sink(behaviour=refuse)) as step:
            promised(step, 1)
            carry_out(step, [1])

            def press_the_button():
                try:
                    return revive(order_id=1, step=step.name, by="anna").state
                except CannotRevive:
                    return "too late"

            pressed = Counter(at_once([press_the_button] * 6))

            self.assertEqual(pressed, {State.PROMISED: 1, "too late": 5})
            self.assertEqual(StepEvent.objects.filter(what="revived").count(), 1)
