"""
Carrying out the engine's hand-written SQL. Each statement stands beside the function that uses it.
"""

from typing import Any

from django.db import connection


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
