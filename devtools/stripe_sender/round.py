"""
One round of deliveries: a plan carried out by several threads, refusals repeated until a deadline.
"""

import heapq
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from devtools.stripe_sender.backoff import Backoff
from devtools.stripe_sender.delivery import Delivery, Summary
from devtools.stripe_sender.delivery_plan import DeliveryPlan, PlannedDelivery
from devtools.stripe_sender.envelope import Event

Send = Callable[[Event], Delivery]
OnDelivery = Callable[[Delivery], None]


@dataclass(order=True, frozen=True)
class Errand:
    """
    One planned delivery, or one copy of it that was refused, and when it sets out.
    """

    due: float
    turn: int
    planned: PlannedDelivery = field(compare=False)
    attempt: int = field(compare=False, default=1)


class Round:
    """
    Carries out one plan. All bookkeeping is done by the thread that calls `run`; the others only post.
    """

    def __init__(self, *, send: Send, concurrency: int, patience: float, backoff: Backoff) -> None:
        self._send = send
        self._concurrency = concurrency
        self._patience = patience
        self._backoff = backoff
        self._waiting: list[Errand] = []
        self._on_the_way = 0
        self._ended: queue.SimpleQueue[tuple[Errand, Delivery | BaseException]] = queue.SimpleQueue()
        self._turn = 0
        self._tally: Counter[str] = Counter()
        self._failed: set[str] = set()

    def run(self, plan: DeliveryPlan, on_delivery: OnDelivery | None) -> Summary:
        """
        Deliver everything, repeat what was refused while patience lasts, and sum up.
        """
        began = time.monotonic()
        for planned in plan.deliveries:
            self._put_off(planned, due=began + planned.after_seconds, attempt=1)
        with ThreadPoolExecutor(max_workers=self._concurrency) as threads:
            while self._waiting or self._on_the_way:
                self._send_out_due(threads)
                self._take_back(on_delivery, deadline=began + self._patience)
        return self._summary(plan)

    def _put_off(self, planned: PlannedDelivery, *, due: float, attempt: int) -> None:
        self._turn += 1
        heapq.heappush(self._waiting, Errand(due=due, turn=self._turn, planned=planned, attempt=attempt))

    def _send_out_due(self, threads: ThreadPoolExecutor) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0].due <= now and self._on_the_way < self._concurrency:
            errand = heapq.heappop(self._waiting)
            self._on_the_way += errand.planned.copies
            threads.submit(self._post if errand.planned.copies == 1 else self._post_all_at_once, errand)

    def _post_all_at_once(self, errand: Errand) -> None:
        # Threads of their own: borrowed ones might all wait for each other at the barrier.
        copies = errand.planned.copies
        single = replace(errand, planned=replace(errand.planned, copies=1))
        barrier = threading.Barrier(copies)
        threads = [threading.Thread(target=self._post, args=[single, barrier]) for _ in range(copies)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _post(self, errand: Errand, barrier: threading.Barrier | None = None) -> None:
        try:
            if barrier is not None:
                barrier.wait()
            ended: Delivery | BaseException = self._send(errand.planned.event)
        except BaseException as failure:  # noqa: BLE001 - raised again by the thread that keeps the books
            ended = failure
        self._ended.put((errand, ended))

    def _take_back(self, on_delivery: OnDelivery | None, *, deadline: float) -> None:
        try:
            errand, ended = self._ended.get(timeout=self._seconds_to_next())
        except queue.Empty:  # something is due now
            return
        self._on_the_way -= 1
        if isinstance(ended, BaseException):
            raise ended
        self._tally["deliveries"] += 1
        self._tally["retries"] += errand.attempt > 1
        if on_delivery is not None:
            on_delivery(ended)
        if not ended.accepted:
            self._try_again(errand, deadline=deadline)

    def _seconds_to_next(self) -> float | None:
        if self._waiting and self._on_the_way < self._concurrency:
            return max(self._waiting[0].due - time.monotonic(), 0)
        return None

    def _try_again(self, errand: Errand, *, deadline: float) -> None:
        attempt = errand.attempt + 1
        due = time.monotonic() + self._backoff.seconds_before(attempt)
        if due <= deadline:
            self._put_off(errand.planned, due=due, attempt=attempt)
        else:
            self._tally["failed"] += 1
            self._failed.add(errand.planned.event["id"])

    def _summary(self, plan: DeliveryPlan) -> Summary:
        events = len({planned.event["id"] for planned in plan.deliveries})
        return Summary(
            events=events,
            deliveries=self._tally["deliveries"],
            duplicates=plan.copies - events,
            retries=self._tally["retries"],
            failed=self._tally["failed"],
            failed_events=tuple(sorted(self._failed)),
        )
