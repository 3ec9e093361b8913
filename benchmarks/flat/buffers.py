"""
How many of PostgreSQL's buffers were touched: found in memory or read, by everything that ran in a database.

The database's own statistics count it all: each statement with its planning, its indexes, its triggers and its checks.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from django.db import connection

from benchmarks.place import Place

TOUCHED = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = %s"


@dataclass(kw_only=True)
class Buffers:
    """
    What each part of the way touched, in the database this process works in.
    """

    place: Place
    database: str
    by_part: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _before: int = 0

    def begin(self) -> None:
        """
        What was touched until now does not count.
        """
        self._before = self._touched()

    def note(self, part: str) -> None:
        """
        Everything since the last note was this part.
        """
        now = self._touched()
        self.by_part[part] += now - self._before
        self._before = now

    def _touched(self) -> int:
        # The session that worked says what it has not said yet; only then the sum is right.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
        return int(self.place.rows(TOUCHED, self.database)[0][0])
