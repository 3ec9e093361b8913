"""
The till's own truth: one SQLite file in its home folder.

What is committed here survives `kill -9` of the till: SQLite has handed it to the operating system by then. (Only a
power cut could lose it, and a stand-in may lose its money in a power cut.)
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from devtools.till.older_files import let_orders_be_canceled

FILE_NAME = "till.sqlite3"

TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    location_id TEXT NOT NULL,
    reference_id TEXT,
    idempotency_key TEXT UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'COMPLETED', 'CANCELED')),
    total INTEGER NOT NULL CHECK (total >= 0),
    tip INTEGER NOT NULL CHECK (tip >= 0),
    currency TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    closed_at TEXT,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS orders_by_reference ON orders (reference_id);
CREATE INDEX IF NOT EXISTS orders_by_creation ON orders (created_at, seq);

CREATE TABLE IF NOT EXISTS payments (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL UNIQUE REFERENCES orders (id),
    idempotency_key TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    tip INTEGER NOT NULL CHECK (tip >= 0),
    currency TEXT NOT NULL,
    created_at TEXT NOT NULL,
    document TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS keys (
    operation TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (operation, key)
);

CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    idempotency_key TEXT,
    reference_id TEXT,
    fault TEXT,
    outcome TEXT NOT NULL,
    status INTEGER
);
CREATE INDEX IF NOT EXISTS requests_by_key ON requests (idempotency_key, path);
CREATE INDEX IF NOT EXISTS answered_duplicates ON requests (seq)
    WHERE outcome = 'duplicate' AND status IS NOT NULL;

CREATE TABLE IF NOT EXISTS notes (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
);
"""


class Ledger:
    """One open connection to the till's file; it belongs to the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    # Factories

    @classmethod
    def open(cls, home: Path) -> Self:
        """Open the ledger of a home folder, and make both where they are missing."""
        home.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(home / FILE_NAME, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 5000")
        let_orders_be_canceled(connection)
        connection.executescript(TABLES)
        return cls(connection)

    # Changes

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep everything that is written inside, or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def note(self, name: str, text: str) -> None:
        """Remember a small fact for the next start."""
        self.connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, text))

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    # Questions

    def noted(self, name: str) -> str | None:
        """Give the small fact remembered under that name."""
        row = self.connection.execute("SELECT text FROM notes WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["text"])
