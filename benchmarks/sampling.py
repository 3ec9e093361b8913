"""
Which statements PostgreSQL is busy with: looked at every few milliseconds, for the embedded server has no extension
that keeps count.
"""

import re
import threading
from collections import Counter
from types import TracebackType
from typing import Self

import psycopg

EVERY_SECONDS = 0.004
LONGEST = 90

ACTIVE = """
SELECT query, coalesce(wait_event_type || ' ' || wait_event, 'working') FROM pg_stat_activity
 WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Sampler(threading.Thread):
    """
    Counts, while the block lasts, how often each statement was seen, and what it was doing.
    """

    def __init__(self, line: "psycopg.Connection[tuple[str, str]]") -> None:
        super().__init__(name="sampler", daemon=True)
        self.seen: Counter[tuple[str, str]] = Counter()
        self._line = line
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            for statement, doing in self._line.execute(ACTIVE).fetchall():
                self.seen[_head(statement), doing] += 1

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.join()
        self._line.close()


def _head(statement: str) -> str:
    """
    The beginning of a statement, without its values.
    """
    plain = re.sub(r"'(?:[^']|'')*'|\b\d+\b", "?", " ".join(statement.split()))
    return plain[:LONGEST]
