"""
Carrying out the engine's hand-written SQL. Each statement stands beside the function that uses it.
"""

import time
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

PLANS_LAST_SECONDS = 10
_planned_at: dict[int, float] = {}  # by the connection's backend


def rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """
    Carry out the statement and return what it answers.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def execute(statement: str, **values: Any) -> int:
    """
    Carry out a statement that answers nothing and return how many rows it touched.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def prepared(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """
    The same as `rows` for a statement that is carried out all the time: PostgreSQL plans it once and not each time.

    Django's own cursor sends values inside the text, so that PostgreSQL plans anew each time, and asks before each
    request whether the line is up.
    """
    connection.ensure_connection()
    line = connection.connection
    with psycopg.Cursor(line) as raw, CursorWrapper(raw, connection) as cursor:
        if _is_stale(line.info.backend_pid):
            # What was planned for a table of a few rows would be carried out for thousands, until its statistics are renewed.
            with connection.wrap_database_errors:
                raw.execute("DISCARD PLANS")
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _is_stale(backend: int) -> bool:
    now = time.monotonic()
    if now - _planned_at.get(backend, now) < PLANS_LAST_SECONDS:
        _planned_at.setdefault(backend, now)
        return False
    _planned_at[backend] = now
    return True
