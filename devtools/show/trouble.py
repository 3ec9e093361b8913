"""
What goes wrong during the evening, on purpose, and when.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import redis

from devtools.mailbox import MailboxClient
from devtools.show.crew import Crew
from devtools.till import Mode, TillClient
from embedded import Addresses
from pipeline.models import State, StepRun
from pipeline.queues import Queue

CATCH_IT_AT_WORK_SECONDS = 10
MOST_PRIORITIES = 10
LONGEST_OUTAGE_SECONDS = 20


@dataclass
class Trouble:
    """
    Strikes when a share of the deliveries is through.
    """

    crew: Crew
    till: TillClient
    mailbox: MailboxClient
    addresses: Addresses
    destroyed: int = 0
    mend_by: float = math.inf
    _to_come: list[tuple[float, Callable[["Trouble"], str]]] = field(default_factory=lambda: list(SCRIPT))

    def strike(self, share: float) -> list[str]:
        """
        Let happen what is due at this share (0 to 1) of the evening; returns it in words.
        """
        due = [act for at, act in self._to_come if at <= share or self._is_overdue(act)]
        self._to_come = [(at, act) for at, act in self._to_come if act not in due]
        return [act(self) for act in due]

    def _is_overdue(self, act: Callable[["Trouble"], str]) -> bool:
        # An outage that lasts longer than all retries would bury orders, and rightly so.
        return act is Trouble.mend_the_till and time.monotonic() > self.mend_by

    # The incidents

    def break_the_till(self) -> str:
        # The worst kind first: the till takes an order and its answer is lost.
        self.till.break_down(Mode.FAIL_AFTER_EFFECT, times=3)
        self.till.break_down(Mode.SERVER_ERROR, status=503, adding=True)
        self.mend_by = time.monotonic() + LONGEST_OUTAGE_SECONDS
        return "The till takes three requests without an answer, then fails with 503."

    def kill_the_senders(self) -> str:
        self.mailbox.break_down("slow", phase="data", seconds=2, times=20)
        caught = self._catch_at_work(Queue.EMAILS)
        self.crew.kill("senders")
        self.mailbox.mend()
        self.crew.start_worker("senders")
        return f"kill -9 of the worker 'senders' and its children, with {caught} letters half sent."

    def mend_the_till(self) -> str:
        self.till.mend()
        return "The till works again."

    def kill_the_counters(self) -> str:
        self.crew.kill("counters")
        return "kill -9 of the worker 'counters': messages pile up in the broker."

    def flush_the_broker(self) -> str:
        with redis.Redis(
            unix_socket_path=self.addresses.broker_socket, password=self.addresses.broker_password
        ) as broker:
            self.destroyed = sum(broker.llen(key) for key in _queue_keys())
            broker.flushall()
        self.crew.start_worker("counters")
        return f"FLUSHALL: {self.destroyed} messages destroyed. 'counters' starts again."

    def _catch_at_work(self, lane: Queue) -> int:
        give_up_at = time.monotonic() + CATCH_IT_AT_WORK_SECONDS
        at_work = StepRun.objects.filter(lane=lane, state=State.RUNNING, sending_at__isnull=False)
        while not (caught := at_work.count()) and time.monotonic() < give_up_at:
            time.sleep(0.02)
        return caught


SCRIPT: tuple[tuple[float, Callable[[Trouble], str]], ...] = (
    (0.15, Trouble.break_the_till),
    (0.30, Trouble.kill_the_senders),
    (0.50, Trouble.mend_the_till),
    (0.60, Trouble.kill_the_counters),
    (0.75, Trouble.flush_the_broker),
)


def _queue_keys() -> list[str]:
    # kombu keeps each priority of a queue in a list of its own; the first has the queue's plain name.
    return [
        queue.value if step == 0 else f"{queue.value}\x06\x16{step}"
        for queue in Queue
        for step in range(MOST_PRIORITIES)
    ]
