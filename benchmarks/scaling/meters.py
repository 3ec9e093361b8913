"""
What the two servers have done so far, read off before and after.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.place import Place

# Transactions that changed something: each takes one number.
WRITTEN = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, pg_current_wal_lsn() - '0/0'"
STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (\w+)")
FRAMES = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
OURS = frozenset({"info", "config"})  # what we ask Valkey to read the meter


@dataclass(frozen=True, kw_only=True)
class Reading:
    """
    The meters at one moment, or what they have moved between two. `statements` only while they are logged.
    """

    transactions: float
    wal_bytes: float
    statements: float
    frames: float  # BEGIN and COMMIT among them
    commands: float
    messages: float
    cpu_ms: dict[str, float]

    def since(self, before: "Reading") -> "Reading":
        cpu_ms = {part: spent - before.cpu_ms.get(part, 0) for part, spent in self.cpu_ms.items()}
        return Reading(
            cpu_ms=cpu_ms, **{name: value - before.plain()[name] for name, value in self.plain().items()}
        )

    def shared_out(self, among: float) -> "Reading":
        """
        Divided by a number of orders, or of seconds.
        """
        cpu_ms = {part: spent / among for part, spent in self.cpu_ms.items()}
        return Reading(cpu_ms=cpu_ms, **{name: value / among for name, value in self.plain().items()})

    def plain(self) -> dict[str, float]:
        return {name: value for name, value in vars(self).items() if name != "cpu_ms"}


def read(place: Place) -> Reading:
    """
    What was done up to now.
    """
    [[transactions, wal_bytes]] = place.rows(WRITTEN)
    with place.broker() as broker:
        told = broker.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): one["calls"] for name, one in told.items()}
    said = _statements(place.servers.home / "logs" / "postgres.log")
    return Reading(
        transactions=transactions,
        wal_bytes=int(wal_bytes),
        statements=said.total(),
        frames=sum(times for word, times in said.items() if word in FRAMES),
        commands=sum(times for name, times in calls.items() if name not in OURS),
        messages=calls.get("lpush", 0),
        cpu_ms={part: 1000 * seconds for part, seconds in place.cpu_seconds().items()},
    )


def log_statements(place: Place, *, wanted: bool) -> None:
    """
    Let PostgreSQL write down every statement from now on, but those of our own line; or not any more.
    """
    place.do("SET log_statement = 'none'")
    place.do(f"ALTER SYSTEM SET log_statement = '{'all' if wanted else 'none'}'")
    place.rows("SELECT pg_reload_conf()")


def _statements(log: Path) -> Counter[str]:
    return Counter(found[1].upper() for found in STATEMENT.finditer(log.read_text(errors="replace")))
