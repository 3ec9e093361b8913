"""
The database: does it answer, is it the one this code needs, is there room in it?
"""

import re
import time
from dataclasses import dataclass

from django.db import DatabaseError, OperationalError, connection

from operations.doctor.finding import Finding, Unreachable, note, ok, problem, warning
from pipeline import restored
from pipeline.statements import rows
from pipeline.tables import missing_migrations

OLDEST_VERSION = 140000
CROWDED, FULL = 0.8, 0.95

STATE = "SELECT current_setting('server_version'), pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'"
CONNECTIONS = """
SELECT count(*), current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
  FROM pg_stat_activity WHERE backend_type = 'client backend'
"""
TRIGGER = """
SELECT count(*) FROM pg_trigger
 WHERE tgname = 'pipeline_history_is_final' AND tgrelid = to_regclass('pipeline_stepevent') AND tgenabled IN ('O', 'A')
"""


@dataclass(frozen=True, kw_only=True)
class Sign:
    """
    Words of PostgreSQL's, what they mean, and what to do.
    """

    words: str
    said: str
    remedy: str


SIGNS = (
    Sign(
        words=r"password authentication failed|no password supplied",
        said="refuses user or password.",
        remedy="Correct user and password in DATABASE_URL.",
    ),
    Sign(
        words=r"Connection refused|No such file or directory",
        said="refuses the connection.",
        remedy="Is PostgreSQL running there? `pg_isready -h {host} -p {port}` tells; correct DATABASE_URL if it is elsewhere.",
    ),
    Sign(
        words=r"could not translate host name|[Nn]ame or service not known|failed to resolve host",
        said="cannot be found: no such host.",
        remedy="Correct the host in DATABASE_URL.",
    ),
    Sign(
        words=r"timeout expired|connection timeout",
        said="does not answer in time.",
        remedy="Is the machine up, and does a firewall let us through? A stopped PostgreSQL looks like this, too.",
    ),
    Sign(
        words=r'database ".*" does not exist',
        said="runs, but has no database of that name.",
        remedy="Create it (`createdb`), or correct the name in DATABASE_URL; then `python manage.py migrate`.",
    ),
    Sign(
        words=r"too many clients|remaining connection slots",
        said="takes no more connections.",
        remedy="Raise max_connections, or run fewer workers and web processes.",
    ),
    Sign(
        words=r"starting up|shutting down|recovery mode",
        said="is starting up or shutting down.",
        remedy="Ask again in a minute; if it stays so, read its log.",
    ),
)
UNFORESEEN = Sign(
    words="", said="does not answer.", remedy="Read its log, and DATABASE_URL letter by letter."
)


def answers() -> list[Finding]:
    """
    Reach the database, and look whether it can be written to.
    """
    began = time.monotonic()
    try:
        connection.ensure_connection()
        version, is_standby, is_read_only = rows(STATE)[0]
    except OperationalError as trouble:
        raise Unreachable(_away(str(trouble))) from trouble
    waited = (time.monotonic() - began) * 1000
    found = [ok("database", f"{_address()} answers in {waited:.0f} ms, PostgreSQL {version.split()[0]}.")]
    if is_standby or is_read_only:
        remedy = "Let DATABASE_URL lead to the primary."
        found.append(problem("database", "It is a standby or read-only: no payment can be booked.", remedy))
    return found


def version() -> list[Finding]:
    """
    Is it new enough?
    """
    number = connection.pg_version  # type: ignore[attr-defined] # of Django's PostgreSQL
    if number < OLDEST_VERSION:
        said = f"PostgreSQL {number // 10_000} is too old."
        return [problem("version", said, f"Upgrade it to {OLDEST_VERSION // 10_000} or newer.")]
    return [ok("version", f"PostgreSQL {number // 10_000} is new enough.")]


def tables() -> list[Finding]:
    """
    Are all migrations there?
    """
    if missing := missing_migrations():
        said = f"The database lacks {len(missing)} migrations, first {missing[0]}."
        return [problem("tables", said, "Run `python manage.py migrate`, then restart the workers.")]
    return [ok("tables", "All migrations are there.")]


def place() -> list[Finding]:
    """
    Is it where it was, or was it restored from a backup, or copied?
    """
    if restored.is_elsewhere():
        said = "This database was restored from a backup, or copied: nothing is dispatched from it."
        return [problem("place", said, restored.REMEDY)]
    return [ok("place", "It is where it was: not a restored one, not a copy.")]


def room() -> list[Finding]:
    """
    Are there connections left?
    """
    used, most = rows(CONNECTIONS)[0]
    said = f"{used} of {most} connections are in use."
    remedy = "Raise max_connections, run fewer processes, or put a pooler in front."
    if used > most * FULL:
        return [problem("connections", said, remedy)]
    return [warning("connections", said, remedy) if used > most * CROWDED else ok("connections", said)]


def history() -> list[Finding]:
    """
    Does the database still refuse to rewrite the history?
    """
    try:
        in_place = rows(TRIGGER)[0][0]
    except DatabaseError as trouble:
        return [note("history", f"Not allowed to look at the triggers ({type(trouble).__name__}).")]
    if not in_place:
        said = "The trigger pipeline_history_is_final is gone or off: the history could be rewritten."
        remedy = (
            "Run `ALTER TABLE pipeline_stepevent ENABLE TRIGGER pipeline_history_is_final`, or restore it."
        )
        return [problem("history", said, remedy)]
    return [ok("history", "The history of step runs can only be added to.")]


def _away(text: str) -> Finding:
    sign = next((sign for sign in SIGNS if re.search(sign.words, text)), UNFORESEEN)
    host, port, _ = _place()
    return problem("database", f"{_address()} {sign.said}", sign.remedy.format(host=host, port=port))


def _address() -> str:
    host, port, name = _place()
    return f"{host}:{port}/{name}"


def _place() -> tuple[str, str, str]:
    at = connection.settings_dict
    return at["HOST"] or "localhost", at["PORT"] or "5432", at["NAME"]
