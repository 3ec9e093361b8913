from unittest import TestCase

from celery import current_app

from pipeline import workers
from pipeline.queues import Queue
from pipeline.workers import BrokerAway, Worker


class TestWorkers(TestCase):
    def test_are_none_where_none_runs(self):
        self.assertEqual(workers.answering(within_seconds=0.2), [])

    def test_leave_queues_without_a_consumer(self):
        everyone_but_one = Worker(
            node="celery@a",
            queues=tuple(queue.value for queue in Queue if queue is not Queue.EMAILS),
        )

        without = workers.queues_without_a_consumer(
            [everyone_but_one], queues=[queue.value for queue in Queue]
        )

        self.assertEqual(without, ["emails"])

    def test_cannot_be_asked_while_the_broker_is_away(self):
        before = current_app.conf.broker_write_url
        current_app.conf.broker_write_url = "redis://:secret@127.0.0.1:1/0"
        try:
            with self.assertRaises(BrokerAway):
                workers.answering()
        finally:
            current_app.conf.broker_write_url = before
