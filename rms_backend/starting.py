"""
What a worker makes sure of before it starts. Celery runs Django's checks too, but does not look at the answer.
"""

from typing import Any

from django.conf import settings
from django.core.checks import run_checks
from django.db import DatabaseError, connection

from pipeline.connections import missing_migrations


def stop_if_something_is_wrong(**_signal: Any) -> None:
    """
    End the process with the complaints and their remedies, if there are any.
    """
    complaints = [f"{problem.msg} {problem.hint or ''}" for problem in run_checks() if problem.is_serious()]
    if not settings.DATABASE_IS_EMBEDDED:
        complaints += _missing_tables()
    if complaints:
        raise SystemExit(
            "The worker does not start:\n" + "\n".join(f"- {text.strip()}" for text in complaints)
        )


def _missing_tables() -> list[str]:
    """
    A configured database is never migrated by itself, so say who has to. One that is away may come back: no complaint.
    """
    try:
        missing = missing_migrations()
    except DatabaseError:
        return []
    finally:
        if not connection.in_atomic_block:
            connection.close()  # the children that are about to be forked must not share it
    return [f"The database lacks {missing} migrations. Run `python manage.py migrate`."] if missing else []
