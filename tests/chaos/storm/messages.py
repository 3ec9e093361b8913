"""
What happens in the broker: messages that come too often, and messages that nobody can read.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from celery import current_app

from pipeline.queues import Queue
from pipeline.statements import rows
from pipeline.steps import menu
from tests.chaos.storm.fault import Scene

TIMES = 20
LATELY_PAID = """
SELECT id FROM orders_order WHERE status <> 'pending_payment' ORDER BY paid_at DESC NULLS LAST, id DESC LIMIT 1
"""


@contextmanager
def delivered_twenty_times(_scene: Scene) -> Iterator[None]:
    """
    The message of each step of the newest paid order, twenty times.
    """
    for (order,) in rows(LATELY_PAID):
        for step in menu:
            for _ in range(TIMES):
                current_app.tasks[step.name].apply_async(args=(order,), ignore_result=True, retry=False)
    yield


@contextmanager
def unknown_task(_scene: Scene) -> Iterator[None]:
    """
    A message for a task that no worker knows, on every lane.
    """
    for queue in Queue:
        current_app.send_task("nobody.knows.this_task", args=(1,), queue=queue.value, ignore_result=True)
    yield


@contextmanager
def unreadable(scene: Scene) -> Iterator[None]:
    """
    A well-formed envelope with a body that no one can read, on the lane of the letters.
    """
    envelope = (
        b'{"body": "bm90IGpzb24=", "content-encoding": "utf-8", "content-type": "application/json", '
        b'"headers": {"lang": "py", "task": "payments.tasks.send_order_confirmation_email_task", "id": "%d"}, '
        b'"properties": {"correlation_id": "x", "delivery_mode": 2, "priority": 0, "body_encoding": "base64", '
        b'"delivery_tag": "poison-%d", "delivery_info": {"exchange": "", "routing_key": "emails"}}}'
    )
    with scene.house.broker() as broker:
        broker.lpush(Queue.EMAILS.value, envelope % (1, int(time.time())))
    yield


@contextmanager
def no_envelope(scene: Scene) -> Iterator[None]:
    """
    Bytes that are no message at all, on the lane of the letters.
    """
    with scene.house.broker() as broker:
        broker.lpush(Queue.EMAILS.value, b"this is no message")
    yield
