"""
How many deliveries the webhook turned away, and why: counted by the minute, for the watch.

Whoever forges deliveries must not be able to make the counting expensive. A process counts in memory and writes at most
once in five seconds; a count that cannot be written waits for the next one. The answer to the sender never depends on it.
"""

import threading
import time
from collections import Counter

from django.db import Error, transaction

from payments.models import RejectedDelivery
from pipeline import journal
from pipeline.statements import execute, rows

WRITTEN_EVERY_SECONDS = 5.0
KEPT_DAYS = 7

ADD = """
INSERT INTO payments_rejecteddelivery (minute, kind, count)
SELECT date_trunc('minute', clock_timestamp()), kind, count
  FROM unnest(%(kinds)s::text[], %(counts)s::int[]) AS counted(kind, count) ORDER BY kind
    ON CONFLICT (minute, kind) DO UPDATE SET count = payments_rejecteddelivery.count + excluded.count
"""

LATELY = """
SELECT kind, sum(count) FROM payments_rejecteddelivery
 WHERE minute > statement_timestamp() - make_interval(secs => %(within)s) GROUP BY kind
"""

FORGET = """
DELETE FROM payments_rejecteddelivery WHERE minute < statement_timestamp() - make_interval(days => %(days)s)
"""


class Tally:
    """
    The counts of one process that are not written yet.
    """

    def __init__(self, *, written_every_seconds: float = WRITTEN_EVERY_SECONDS) -> None:
        self.written_every_seconds = written_every_seconds
        self._counts: Counter[RejectedDelivery.Kind] = Counter()
        self._not_before = 0.0
        self._turn = threading.Lock()

    def add(self, kind: RejectedDelivery.Kind) -> None:
        """
        Count one, and write what has gathered when it is time.
        """
        with self._turn:
            self._counts[kind] += 1
            if time.monotonic() < self._not_before:
                return
            self._not_before = time.monotonic() + self.written_every_seconds
            counts, self._counts = self._counts, Counter()
        self._write(counts)

    def _write(self, counts: Counter[RejectedDelivery.Kind]) -> None:
        try:
            with transaction.atomic():
                execute(ADD, kinds=[kind.value for kind in counts], counts=list(counts.values()))
        except Error:  # any of the database's: it is away, and the sender gets the same answer
            with self._turn:
                self._counts.update(counts)
            return
        for kind, count in counts.items():
            journal.record("delivery.rejected", kind=kind, count=count)


tally = Tally()


def lately(*, within_seconds: int) -> dict[str, int]:
    """
    How many were turned away lately, by kind.
    """
    return {kind: int(count) for kind, count in rows(LATELY, within=within_seconds)}


def forget_the_old() -> None:
    """
    Remove counts that nobody asks about any more.
    """
    execute(FORGET, days=KEPT_DAYS)
