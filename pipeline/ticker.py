"""
The heartbeat of the dispatcher: every worker that serves the `post_payment` lane sends itself one message a second.

It is a message and not a call, so that the worker's main process never waits for the database.
"""

from typing import Any

from celery import bootsteps

from pipeline import journal
from pipeline.nudge import publish_dispatch
from pipeline.queues import Queue

EVERY_SECONDS = 1.0


class Ticker(bootsteps.StartStopStep):
    """
    Celery consumer step that ticks while the worker is connected.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self.entry: Any = None

    def start(self, consumer: Any) -> None:
        queues = consumer.app.amqp.queues.consume_from
        if Queue.POST_PAYMENT in queues:
            self.entry = consumer.timer.call_repeatedly(EVERY_SECONDS, tick)
            tick()

    def stop(self, consumer: Any) -> None:  # noqa: ARG002 - Celery's signature
        if self.entry is not None:
            self.entry.cancel()
            self.entry = None


def tick() -> None:
    """
    Send the dispatcher its message, or say why not: the next tick tries again.
    """
    try:
        publish_dispatch()
    except Exception as trouble:  # noqa: BLE001 - a broker that is away must not stop the timer
        journal.record("tick.not_sent", because=type(trouble).__name__)
