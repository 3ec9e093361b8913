"""
Visits: every request the till received, kept on arrival and settled with what became of it.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from devtools.till.ledger import Ledger
from devtools.till.times import written

UNSETTLED = "received"  # the outcome of a request that is still waiting, or during which the till was killed


@dataclass(frozen=True, kw_only=True)
class Visit:
    """
    One request: when it came, what it named, which fault struck it, and what became of it.

    `outcome` is kept, duplicate, read, refused, untouched (a fault came before) or received (not settled);
    `status` is the HTTP status that was sent, and None where the caller got no answer.
    """

    at: str
    method: str
    path: str
    idempotency_key: str | None
    reference_id: str | None
    fault: str | None
    outcome: str
    status: int | None


def record_visit(
    ledger: Ledger, *, at: datetime, method: str, path: str, key: str | None, reference_id: str | None
) -> int:
    """Keep that a request has come, and give it its number."""
    row = ledger.connection.execute(
        "INSERT INTO requests (at, method, path, idempotency_key, reference_id, outcome)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (written(at), method, path, key, reference_id, UNSETTLED),
    )
    return int(row.lastrowid or 0)


def settle_visit(ledger: Ledger, number: int, *, outcome: str, status: int | None, fault: str | None) -> None:
    """Keep what became of a request; in the same transaction as its effect, if it had one."""
    ledger.connection.execute(
        "UPDATE requests SET outcome = ?, status = ?, fault = ? WHERE seq = ?",
        (outcome, status, fault, number),
    )


def strike_visit(ledger: Ledger, number: int, *, fault: str) -> None:
    """Keep that a fault has struck a request, before anything else happens to it."""
    ledger.connection.execute("UPDATE requests SET fault = ? WHERE seq = ?", (fault, number))


def latest_visits(ledger: Ledger, *, limit: int) -> list[Visit]:
    """List the last requests, newest first."""
    rows = ledger.connection.execute("SELECT * FROM requests ORDER BY seq DESC LIMIT ?", (limit,))
    return [_visit(row) for row in rows]


def _visit(row: sqlite3.Row) -> Visit:
    return Visit(**{name: row[name] for name in row.keys() if name != "seq"})  # noqa: SIM118 - a Row iterates over values
