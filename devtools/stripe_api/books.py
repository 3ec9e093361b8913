"""
Stripe's own truth: every object as it was told last, and every event, in one SQLite file.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

FILE_NAME = "stripe.sqlite3"

TABLES = """
CREATE TABLE IF NOT EXISTS things (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    livemode INTEGER NOT NULL,
    account TEXT NOT NULL,
    delivered INTEGER,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS things_by_creation ON things (kind, created, seq);

CREATE TABLE IF NOT EXISTS notes (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
);
"""

KEEP = """
INSERT INTO things (id, kind, created, livemode, account, delivered, document)
VALUES (:id, :kind, :created, :livemode, :account, :delivered, :document)
    ON CONFLICT (id) DO UPDATE SET document = excluded.document, delivered = excluded.delivered
"""

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Owner:
    """
    Whose things a key may see: of live or test mode, of our own account ('') or of a connected one.
    """

    livemode: bool
    account: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """
    Where a thing stands in a list.
    """

    created: int
    seq: int


class Books:
    """
    One open connection to the file; it belongs to the thread that opened it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    # Factories

    @classmethod
    def open(cls, home: Path) -> Self:
        """
        Open the books of a home folder, and make both where they are missing.
        """
        home.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(home / FILE_NAME, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(TABLES)
        return cls(connection)

    # Changes

    def happened(self, events: Sequence[Document], *, delivered: bool) -> None:
        """
        Keep events, and each one's object as the event tells it. `delivered`: has the webhook answered 2xx?
        """
        self.connection.execute("BEGIN IMMEDIATE")
        for event in events:
            account = str(event.get("account") or "")
            self._keep(event, account=account, delivered=delivered)
            self._keep(event["data"]["object"], account=account)
            for charge in event["data"]["object"].get("charges", {}).get("data", []):
                self._keep(charge, account=account)
        self.connection.execute("COMMIT")

    def holds(self, objects: Sequence[Document], *, account: str = "") -> None:
        """
        Keep objects of which no event was ever made.
        """
        self.connection.execute("BEGIN IMMEDIATE")
        for one in objects:
            self._keep(one, account=account)
        self.connection.execute("COMMIT")

    def note(self, name: str, text: str) -> None:
        """
        Remember a small fact for the next start.
        """
        self.connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, text))

    def close(self) -> None:
        """
        Close the file.
        """
        self.connection.close()

    def _keep(self, one: Document, *, account: str, delivered: bool | None = None) -> None:
        row = {
            "id": one["id"],
            "kind": one["object"],
            "created": one["created"],
            "livemode": one["livemode"] if "livemode" in one else self._mode_of_payment(one),
            "account": account,
            "delivered": delivered,
            "document": json.dumps(one),
        }
        self.connection.execute(KEEP, row)

    def _mode_of_payment(self, refund: Document) -> bool:
        # A refund is the one object that does not say whether it is live.
        found = self.connection.execute(
            "SELECT livemode FROM things WHERE id IN (?, ?)", (refund["payment_intent"], refund["charge"])
        ).fetchone()
        return bool(found and found["livemode"])

    # Questions

    def find(self, kind: str, id_: str, *, owner: Owner) -> Document | None:
        """
        The object of that id, if the owner may see it.
        """
        found = self._row(kind, id_, owner=owner)
        return None if found is None else json.loads(found["document"])

    def place_of(self, kind: str, id_: str, *, owner: Owner) -> Place | None:
        """
        Where that object stands in a list of its kind.
        """
        found = self._row(kind, id_, owner=owner)
        return None if found is None else Place(created=found["created"], seq=found["seq"])

    def count(self, kind: str) -> int:
        """
        How many there are of one kind.
        """
        found = self.connection.execute("SELECT count(*) FROM things WHERE kind = ?", (kind,)).fetchone()
        return int(found[0])

    def noted(self, name: str) -> str | None:
        """
        The small fact remembered under that name.
        """
        row = self.connection.execute("SELECT text FROM notes WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["text"])

    def _row(self, kind: str, id_: str, *, owner: Owner) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.connection.execute(
            "SELECT * FROM things WHERE kind = ? AND id = ? AND livemode = ? AND account = ?",
            (kind, id_, owner.livemode, owner.account),
        ).fetchone()
        return found
