"""
The outside: mailbox and till, which keep their own truth in SQLite, and how it is read.
"""

import json
import re
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

OPEN_LOCATION, CLOSED_LOCATION = "LPIZZA", "LCLOSED"
LOCATIONS = (
    f"{OPEN_LOCATION}=USD",
)  # the till has never heard of the closed one, and refuses its orders for good
REFUSED_DOMAIN = "gone.example"
REFUSED_ADDRESSES = f"*@{REFUSED_DOMAIN}"
STARTS_WITHIN_SECONDS = 30.0

LETTERS = "SELECT message_id, subject FROM letters"
TICKETS = "SELECT reference_id, count(*) FROM orders GROUP BY 1"
# As Square has it, a paid order is never canceled itself, only its fulfilment is; one that was closed cannot be.
CANCELED_TICKETS = """
SELECT reference_id, count(*) FROM orders
 WHERE state = 'CANCELED' OR json_extract(document, '$.fulfillments[0].state') = 'CANCELED' GROUP BY 1
"""
CLOSED_TICKETS = "SELECT reference_id, count(*) FROM orders WHERE state = 'COMPLETED' GROUP BY 1"
TILL_PAYMENTS = """
SELECT orders.reference_id, count(*) FROM payments JOIN orders ON orders.id = payments.order_id GROUP BY 1
"""


def where_it_is(home: Path, sink: str) -> dict[str, Any]:
    """
    What a sink wrote about itself, once it has started; raises TimeoutError.
    """
    told = home / sink / f"{sink}.json"
    give_up_at = time.monotonic() + STARTS_WITHIN_SECONDS
    while not told.is_file():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"The {sink} did not start; see {home / 'logs'}.")
        time.sleep(0.05)
    found: dict[str, Any] = json.loads(told.read_text())
    return found


def letters(home: Path, *, pattern: str, column: str = "message_id") -> Counter[str]:
    """
    How many letters came about each order, by the reference that the pattern finds in their Message-ID or subject.
    """
    which = ("message_id", "subject").index(column)
    found = (
        re.search(pattern, str(row[which])) for row in _rows(home / "mailbox" / "mailbox.sqlite3", LETTERS)
    )
    return Counter(match[1] for match in found if match)


def tickets(home: Path) -> Counter[str]:
    """
    How many orders the till holds by our reference.
    """
    return Counter(dict(_rows(home / "till" / "till.sqlite3", TICKETS)))


def canceled_tickets(home: Path) -> Counter[str]:
    """
    How many canceled orders the till holds by our reference.
    """
    return Counter(dict(_rows(home / "till" / "till.sqlite3", CANCELED_TICKETS)))


def closed_tickets(home: Path) -> Counter[str]:
    """
    How many orders by our reference are over and done with at the till.
    """
    return Counter(dict(_rows(home / "till" / "till.sqlite3", CLOSED_TICKETS)))


def till_payments(home: Path) -> Counter[str]:
    """
    How many payments the till holds by our reference.
    """
    return Counter(dict(_rows(home / "till" / "till.sqlite3", TILL_PAYMENTS)))


def _rows(book: Path, statement: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{book}?mode=ro", uri=True, timeout=10) as reading:
        return reading.execute(statement).fetchall()
