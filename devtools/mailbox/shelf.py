"""
The SQLite file in which the letters lie, and the questions that can be asked of it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from devtools.mailbox.letter import Arrival, Letter, letter_from_row

SCHEMA = """
CREATE TABLE IF NOT EXISTS letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL,
    message_id TEXT NOT NULL,
    mail_from TEXT NOT NULL,
    rcpt_to TEXT NOT NULL,
    subject TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS letters_message_id ON letters (message_id);
CREATE TABLE IF NOT EXISTS recipients (
    address TEXT NOT NULL,
    letter_id INTEGER NOT NULL REFERENCES letters (id),
    PRIMARY KEY (address, letter_id)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """
    How many letters came, and how many different Message-IDs they carry (letters without one are not among these).
    """

    messages: int
    distinct_message_ids: int


class Shelf:
    """
    All letters in one file. Each call opens its own connection, so any thread may ask.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(self.open()) as connection:
            connection.executescript(SCHEMA)

    def open(self) -> sqlite3.Connection:
        """
        Open the file for writing: WAL, and a commit is on the disk when it returns.
        """
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=10)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def letters(
        self,
        *,
        recipient: str | None = None,
        message_id: str | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Letter]:
        """
        List letters in the order they came, starting after the given id.
        """
        conditions, values = ["id > ?"], [str(after)]
        if recipient is not None:
            conditions.append("id IN (SELECT letter_id FROM recipients WHERE address = ?)")
            values.append(recipient.lower())
        if message_id is not None:
            conditions.append("message_id = ?")
            values.append(message_id)
        where = " AND ".join(conditions)
        return self._select(f"SELECT * FROM letters WHERE {where} ORDER BY id LIMIT ?", [*values, limit])

    def page(self, *, search: str, number: int, size: int) -> list[Letter]:
        """
        List one page, newest first, of the letters whose recipient, subject or Message-ID contains the words.
        """
        condition, values = containing(search)
        query = f"SELECT * FROM letters WHERE {condition} ORDER BY id DESC LIMIT ? OFFSET ?"
        return self._select(query, [*values, size, (number - 1) * size])

    def found(self, *, search: str) -> int:
        """
        Count the letters that the pages of this search hold.
        """
        condition, values = containing(search)
        with self._reading() as connection:
            row = connection.execute(f"SELECT count(*) FROM letters WHERE {condition}", values).fetchone()
        return int(row[0])

    def letter(self, letter_id: int) -> Letter | None:
        """
        Find one letter by its number on the shelf.
        """
        found = self._select("SELECT * FROM letters WHERE id = ?", [letter_id])
        return found[0] if found else None

    def counts(self) -> Counts:
        """
        Count letters and different Message-IDs.
        """
        query = "SELECT count(*), count(DISTINCT nullif(message_id, '')) FROM letters"
        with self._reading() as connection:
            messages, distinct = connection.execute(query).fetchone()
        return Counts(messages=messages, distinct_message_ids=distinct)

    def _select(self, query: str, values: Sequence[str | int]) -> list[Letter]:
        with self._reading() as connection:
            rows = connection.execute(query, values).fetchall()
        return [letter_from_row(row, recipients=tuple(json.loads(row["rcpt_to"]))) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with closing(self.open()) as connection:
            yield connection


def put_on_shelf(connection: sqlite3.Connection, arrivals: Iterable[Arrival]) -> None:
    """
    Keep all of these or none of them.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for arrival in arrivals:
            put_one(connection, arrival)
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may already have rolled the transaction back.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def put_one(connection: sqlite3.Connection, arrival: Arrival) -> None:
    row = connection.execute(
        "INSERT INTO letters (received_at, message_id, mail_from, rcpt_to, subject, raw) VALUES (?, ?, ?, ?, ?, ?)",
        (
            arrival.received_at.isoformat(),
            arrival.message_id,
            arrival.sender,
            json.dumps(arrival.recipients),
            arrival.subject,
            arrival.raw,
        ),
    )
    addresses = {recipient.lower() for recipient in arrival.recipients}
    connection.executemany(
        "INSERT INTO recipients (address, letter_id) VALUES (?, ?)",
        [(address, row.lastrowid) for address in addresses],
    )


def containing(search: str) -> tuple[str, list[str]]:
    if not search:
        return "1 = 1", []
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    columns = ("rcpt_to", "subject", "message_id")
    condition = " OR ".join(rf"{column} LIKE ? ESCAPE '\'" for column in columns)
    return f"({condition})", [f"%{escaped}%"] * len(columns)
