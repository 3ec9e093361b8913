"""
How many of PostgreSQL's buffers were touched: found in memory or read, by everything that ran in a database.

The database's own statistics count it all: each statement with its planning, its indexes, its triggers and its checks.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.db import connection

from benchmarks.place import Place
from pipeline.statements import rows

TOUCHED = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = %s"
# Each table without and each index by itself.
BY_RELATION = """
SELECT relname, heap_blks_hit + heap_blks_read + coalesce(toast_blks_hit + toast_blks_read, 0) FROM pg_statio_all_tables
UNION ALL SELECT indexrelname, idx_blks_hit + idx_blks_read FROM pg_statio_all_indexes
"""
BUSIEST = 40


@dataclass(kw_only=True)
class Buffers:
    """
    What each part of the way touched, in the database this process works in.
    """

    place: Place
    database: str
    by_part: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _before: int = 0
    _relations: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """
        What was touched until now does not count.
        """
        self._relations = self._by_relation()
        self._before = self._touched()

    def note(self, part: str) -> None:
        """
        Everything since the last note was this part.
        """
        now = self._touched()
        self.by_part[part] += now - self._before
        self._before = now

    def by_relation(self) -> dict[str, int]:
        """
        Since the beginning, by table and by index, the busiest first.
        """
        return dict((self._by_relation() - self._relations).most_common(BUSIEST))

    def _by_relation(self) -> Counter[str]:
        self._touched()
        return Counter({name: int(touched or 0) for name, touched in rows(BY_RELATION)})

    def _touched(self) -> int:
        # The session that worked says what it has not said yet; only then the sum is right.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
        return int(self.place.rows(TOUCHED, self.database)[0][0])
