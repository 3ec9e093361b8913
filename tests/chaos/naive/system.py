"""
The control in a house: how it is started, told and filled.
"""

import subprocess
import sys
import uuid
from collections.abc import Sequence
from random import Random

import psycopg

from devtools.show.crew import LANES
from embedded import Addresses
from tests.chaos.guests import Guest
from tests.chaos.house import SECRET, House
from tests.chaos.product import EVERYTHING, SPARE
from tests.chaos.sinks import OPEN_LOCATION
from tests.chaos.terms import ROOT

OPENING_PORTIONS = 1_000_000
MIGRATED_WITHIN_SECONDS = 60


class Naive:
    """
    The same processes as the product's, with the control inside.
    """

    name = "naive"
    webhook = "/stripe/"
    workers = (*LANES, SPARE)

    def __init__(self) -> None:
        self.guests: list[Guest] = []

    def told(self, house: House) -> dict[str, str]:
        return {**_told(house), "NAIVE_BROKER_URL": house.broker_url}

    def command(self, program: str, house: House) -> Sequence[str]:
        if program == "web":
            return (
                "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(house.port),
                "--workers", "2", "--blocking-threads", "2", "--no-ws", "tests.chaos.naive.wsgi:application",
            )  # fmt: skip
        queues, concurrency = LANES.get(program, (EVERYTHING, 2))
        return (
            "celery", "-A", "tests.chaos.naive.celery_app", "worker", "--loglevel=info",
            f"--hostname={program}@%h", f"--queues={queues}", f"--concurrency={concurrency}",
        )  # fmt: skip

    def prepare(self, house: House) -> None:
        """
        Make the tables and place the orders of the run.
        """
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity=0"],
            cwd=ROOT,
            env={**house.inherited(), **_told(house)},
            check=True,
            timeout=MIGRATED_WITHIN_SECONDS,
        )
        self.guests = _guests(house.terms.orders, seed=house.terms.seed)
        _place(self.guests, at=house.addresses)


def connect(at: Addresses) -> psycopg.Connection:
    """
    The straight way to the database of a house.
    """
    return psycopg.connect(
        host=at.postgres_host,
        user=at.postgres_user,
        password=at.postgres_password,
        dbname=at.postgres_database,
        connect_timeout=3,
        autocommit=True,
    )


def email_of(guest: Guest) -> str:
    """
    An address of the guest's own, so that the points of each order can be told apart.
    """
    return f"{guest.reference}@example.com"


def _told(house: House) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "tests.chaos.naive.settings",
        "NAIVE_DATABASE_URL": house.database_url,
        "NAIVE_EMAIL_PORT": str(house.roads["mail"].port),
        "NAIVE_TILL_URL": f"http://127.0.0.1:{house.roads['till'].port}",
        "NAIVE_TILL_TOKEN": house.token,
        "NAIVE_STRIPE_SECRET": SECRET,
        "NAIVE_RETRY_TIME_SCALE": str(house.terms.retry_time_scale),
    }


def _guests(count: int, *, seed: int) -> list[Guest]:
    # Nobody refuses any of them for good: it would try those for minutes, and what it loses are the others.
    chance = Random(f"{seed}/naive")
    return [
        Guest(
            reference=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            amount=chance.randrange(900, 9_000),
            currency="USD",
        )
        for _ in range(count)
    ]


def _place(guests: Sequence[Guest], *, at: Addresses) -> None:
    orders = [(guest.reference, guest.amount, email_of(guest), OPEN_LOCATION) for guest in guests]
    with connect(at) as database, database.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO naive_order (public_id, total_minor, currency, email, location, status)"
            " VALUES (%s, %s, 'USD', %s, %s, 'pending')",
            orders,
        )
        cursor.execute("INSERT INTO naive_sales (orders, total_minor) VALUES (0, 0)")
        cursor.execute(
            "INSERT INTO naive_ingredient (name, portions_left) VALUES ('Dough', %s)", [OPENING_PORTIONS]
        )
