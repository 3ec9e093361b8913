"""
A worker's heartbeat: a file that stays young for as long as the worker is able to take messages.

The main loop leaves a mark every few seconds while it turns and asks the broker for messages. A thread of its own writes
the file as long as that mark is fresh. Neither ever touches the database, so a database that hangs kills no worker.
A broker that does not answer explains a missing mark: restarting the worker would not help. docs/health.md has the rule.
"""

import atexit
import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Any

from celery import bootsteps
from django.conf import settings

from pipeline import journal
from pipeline.broker_line import BrokerAway, BrokerLine

EVERY_SECONDS = 5.0
# Longer than Celery's longest pause between two tries to connect (30 s) makes with the sixty seconds of the probe.
SILENT_AT_MOST_SECONDS = 30.0


class Heartbeat(bootsteps.StartStopStep):
    """
    Celery worker step: begins before the worker connects, ends with the process.
    """

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        self.pulse = Pulse(worker)
        worker.timer.call_repeatedly(EVERY_SECONDS, self.pulse.mark)
        beating = HeartbeatThread(self.pulse, file=file_of(worker.hostname))
        # Not in stop(): a worker that stops may still wait minutes for its last tasks, and is alive.
        atexit.register(beating.end)
        beating.start()

    def close(self, worker: Any) -> None:  # noqa: ARG002 - Celery's signature
        self.pulse.stopping = True


class Pulse:
    """
    Whether a worker is able to work, as far as its own process can tell.
    """

    def __init__(self, worker: Any) -> None:
        self.worker = worker
        self.stopping = False
        self.marked_at = time.monotonic()
        self.broker = BrokerLine()

    def mark(self) -> None:
        """
        Note that the main loop turns; called by the loop itself.
        """
        if self._asks_for_messages():
            self.marked_at = time.monotonic()

    def is_felt(self) -> bool:
        """
        Marked lately, or with a good reason not to be.
        """
        silent = time.monotonic() - self.marked_at
        return (
            silent < SILENT_AT_MOST_SECONDS
            or self.stopping
            or self._is_busy_itself(silent)
            or not self._broker_answers()
        )

    def _asks_for_messages(self) -> bool:
        # A loop that turns and never asks is the worker that went silent when its broker came back.
        consumer = getattr(self.worker.consumer, "task_consumer", None)
        idle = getattr(getattr(consumer, "channel", None), "idle_seconds", None)
        return idle is None or idle() < SILENT_AT_MOST_SECONDS

    def _is_busy_itself(self, silent: float) -> bool:
        # The solo pool carries out tasks in the main loop, and nothing but our patience limits their time.
        solo = self.worker.pool_cls.__module__ == "celery.concurrency.solo"
        longest = self.worker.time_limit or settings.CELERY_TASK_TIME_LIMIT
        return solo and bool(self.worker.state.active_requests) and silent < longest + SILENT_AT_MOST_SECONDS

    def _broker_answers(self) -> bool:
        try:
            self.broker.check()
        except BrokerAway:
            return False
        return True


class HeartbeatThread(threading.Thread):
    """
    Writes the file while the pulse is felt; removes it at the end.
    """

    def __init__(self, pulse: Pulse, *, file: Path) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.pulse, self.file = pulse, file
        self.process = os.getpid()
        self._over = threading.Event()
        self._could_write = True

    def run(self) -> None:
        with contextlib.suppress(OSError):  # said by the first attempt to write
            self.file.parent.mkdir(parents=True, exist_ok=True)
        while not self._over.is_set():
            if self.pulse.is_felt():
                self._write()
            self._over.wait(EVERY_SECONDS)

    def end(self) -> None:
        """
        Leave no file behind: the worker ends as it was told to.
        """
        if os.getpid() != self.process:  # a child that was forked with our list of things to do at the end
            return
        self._over.set()
        self.join(EVERY_SECONDS)
        self.file.unlink(missing_ok=True)

    def _write(self) -> None:
        try:
            new = self.file.with_name(f".{self.file.name}")
            new.write_text(f"{self.process}\n")
            new.replace(self.file)
            self._could_write = True
        except OSError as trouble:
            if self._could_write:
                journal.record("heartbeat.not_written", file=str(self.file), because=str(trouble))
            self._could_write = False


def file_of(node: str) -> Path:
    """
    The heartbeat file of a worker, by its node name (`celery@host`).
    """
    return Path(settings.HEARTBEAT_DIR) / node.replace("/", "_")
