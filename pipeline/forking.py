"""
What a worker does for the processes of its pool: before they are forked, and when one of them has ended.
"""

import gc
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

from celery import bootsteps

EVERY_SECONDS = 0.05


def before_fork(**_signal: Any) -> None:
    """
    Set aside, once, what has been loaded so far. Celery calls it before each process of the pool.

    Celery collects garbage before each fork, so the main process would stand still for a tenth of a second whenever a
    process of the pool begins afresh; and whoever collects garbage after the fork would copy every page it looks at.
    """
    _set_aside()


@cache
def _set_aside() -> None:
    with suppress(ImportError):  # billiard reads C with it in each new process, if it is there
        import_module("cffi.cparser")
    gc.collect()
    gc.freeze()


class Replacement(bootsteps.StartStopStep):
    """
    Celery consumer step that replaces a process of the pool as soon as it is gone.

    Celery hears that the process closes its files, looks at once, finds it not quite dead, and looks again only after up
    to five seconds (github.com/celery/celery/issues/9588): too long, where every process begins afresh after
    CELERY_WORKER_MAX_TASKS_PER_CHILD tasks.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self.entry: Any = None

    def start(self, consumer: Any) -> None:
        if consumer.hub is not None:  # without a loop of events, billiard has a thread of its own for this
            self.entry = consumer.timer.call_repeatedly(EVERY_SECONDS, consumer.pool.maintain_pool)

    def stop(self, consumer: Any) -> None:  # noqa: ARG002 - Celery's signature
        if self.entry is not None:
            self.entry.cancel()
            self.entry = None
