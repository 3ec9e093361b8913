"""
Two databases of one PostgreSQL: a young one, and one with years of orders in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection

from benchmarks.place import Place

OLD = "old"


def young(place: Place) -> str:
    """
    The name of the place's own database.
    """
    return place.addresses.postgres_database


def make_old(place: Place) -> None:
    """
    Make the second database, with all tables and nothing in them.
    """
    place.do(f"DROP DATABASE IF EXISTS {OLD} WITH (FORCE)")
    place.do(f"CREATE DATABASE {OLD}")
    with working_in(OLD):
        call_command("migrate", verbosity=0)


@contextmanager
def working_in(name: str) -> Iterator[None]:
    """
    Let this process's queries go to that database, over a connection of its own.
    """
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


@contextmanager
def without_autovacuum(place: Place) -> Iterator[None]:
    """
    Keep PostgreSQL's own housekeeping out of the count.
    """
    place.do("ALTER SYSTEM SET autovacuum = off")
    place.rows("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        place.do("ALTER SYSTEM RESET autovacuum")
        place.rows("SELECT pg_reload_conf()")
