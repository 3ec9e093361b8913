"""
What a worker makes sure of before it starts, and how it tells that it has started.

Celery runs Django's checks too, but does not look at the answer.
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import run_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


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


def tell_that_we_are_ready(**_signal: Any) -> None:
    """
    Make the file that whoever started this process waits for: a log line would be missing with --loglevel=error.
    """
    if settings.READY_FILE:
        Path(settings.READY_FILE).touch()


def _missing_tables() -> list[str]:
    """
    A configured database is never migrated by itself, so say who has to. One that is away may come back: no complaint.
    """
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return []
    finally:
        if not connection.in_atomic_block:
            connection.close()  # the children that are about to be forked must not share it
    return (
        [f"The database lacks {len(missing)} migrations. Run `python manage.py migrate`."] if missing else []
    )
