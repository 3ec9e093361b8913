"""
What a worker makes sure of before it starts, and how it tells that it has started.

Celery runs Django's checks too, but does not look at the answer.
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import run_checks
from django.db import DatabaseError, connection

from pipeline import restored
from pipeline.tables import missing_migrations


def stop_if_something_is_wrong(**_signal: Any) -> None:
    """
    End the process with the complaints and their remedies, if there are any.
    """
    complaints = [f"{problem.msg} {problem.hint or ''}" for problem in run_checks() if problem.is_serious()]
    complaints += _of_the_database()
    if complaints:
        raise SystemExit(
            "The worker does not start:\n" + "\n".join(f"- {text.strip()}" for text in complaints)
        )


def tell_that_we_are_ready(**_signal: Any) -> None:
    """
    Make the file that whoever started this process waits for: a log line would be missing with --loglevel=error.
    """
    if settings.READY_FILE:
        Path(settings.READY_FILE).touch()


def _of_the_database() -> list[str]:
    """
    What a person has to do there first. A database that is away may come back: no complaint.
    """
    try:
        # A configured database is never migrated by itself, so say who has to.
        if not settings.DATABASE_IS_EMBEDDED and (missing := missing_migrations()):
            return [f"The database lacks {len(missing)} migrations. Run `python manage.py migrate`."]
        if restored.is_elsewhere():
            return [f"This database was restored from a backup, or copied. {restored.REMEDY}"]
    except DatabaseError:
        return []
    finally:
        if not connection.in_atomic_block:
            connection.close()  # the children that are about to be forked must not share it
    return []
