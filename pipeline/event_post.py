"""
The events on which Flower lives leave a worker together, a few times a second.

Celery sends them after every turn of its loop. With short tasks that is one publication per event, and more than a quarter
of what the worker's main process does. Nobody who looks at Flower sees the difference.
"""

from typing import Any

from celery import bootsteps

EVERY_SECONDS = 0.25


class EventPost(bootsteps.StartStopStep):
    """
    Celery consumer step that empties the box of events, also before the worker stops or loses its broker.
    """

    requires = ("celery.worker.consumer.events:Events",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self.entry: Any = None

    def start(self, consumer: Any) -> None:
        if consumer.timer is not None:
            self.entry = consumer.timer.call_repeatedly(EVERY_SECONDS, consumer.event_dispatcher.flush)

    def stop(self, consumer: Any) -> None:
        if self.entry is not None:
            self.entry.cancel()
            self.entry = None
        if consumer.event_dispatcher is not None:
            consumer.event_dispatcher.flush()
