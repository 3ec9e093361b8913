"""
One house for all acceptance tests, with empty tables and empty queues before each of them.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import kombu.pools
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import override_settings
from kombu.exceptions import ConnectionLimitExceeded

from devtools.mailbox import running_mailbox
from devtools.show.crew import Crew
from devtools.till import running_till
from embedded import Servers
from tests.acceptance.house import House, path_of_home
from tests.acceptance.supervised import Supervise, Supervised
from tests.isolation import ROOT

LOCATIONS = {"LMAIN": "USD"}


@pytest.fixture(scope="session")
def standing_house(tmp_path_factory) -> Iterator[House]:
    """
    One house for all files of tests: to build it takes a while.
    """
    home = path_of_home(ROOT / "var")
    logs = tmp_path_factory.mktemp("house") / "logs"
    logs.mkdir()
    with ExitStack() as stack:
        servers = Servers(home)
        addresses = servers.ensure_running()
        stack.callback(servers.remove)
        mailbox = stack.enter_context(running_mailbox(home=tmp_path_factory.mktemp("mailbox")))
        till = stack.enter_context(running_till(home=tmp_path_factory.mktemp("till"), locations=LOCATIONS))
        crew = Crew(environment=House.environment(home=home, mailbox=mailbox, till=till), logs=logs)
        stack.callback(crew.dismiss)
        house = House(servers=servers, addresses=addresses, mailbox=mailbox, till=till, crew=crew, port=0)
        house.start_web()
        yield house


@pytest.fixture(scope="module")
def built_house(standing_house: House, django_db_blocker) -> Iterator[House]:
    """
    The house, and this process's own connection inside it for as long as a file of tests lasts.
    """
    with our_database(standing_house.addresses, standing_house.servers.home, django_db_blocker):
        yield standing_house


@pytest.fixture
def empty_house(built_house: House) -> Iterator[House]:
    """
    The house with everything at rest and nobody at work but the web application.
    """
    yield from _emptied(built_house)


@pytest.fixture
def house(empty_house: House) -> House:
    """
    The house with everything at rest and one plain worker.
    """
    empty_house.start_worker()
    return empty_house


@pytest.fixture(scope="module")
def quiet_house(built_house: House) -> Iterator[House]:
    """
    The same, for a file of tests that change nothing in it.
    """
    for house in _emptied(built_house):
        house.start_worker()
        yield house


def _emptied(built_house: House) -> Iterator[House]:
    _open_new_lines_to_the_broker()
    call_command("flush", interactive=False, verbosity=0)
    built_house.flush_broker()
    built_house.mailbox.mend()
    built_house.till.mend()
    yield built_house
    built_house.port = built_house.ports["web"]
    for name in [name for name in built_house.crew.running if name != "web"]:
        built_house.kill_worker(name)


@pytest.fixture
def supervise(empty_house: House, tmp_path) -> Iterator[Supervise]:
    """
    Starts supervisors in the house, and leaves nothing of them behind.
    """
    started: list[Supervised] = []

    def supervise(*options: str, terminal: int | None = None, **environment: str) -> Supervised:
        told = {**empty_house.crew.environment, **environment}
        log = tmp_path / f"supervisor-{len(started)}.log"
        started.append(Supervised(*options, environment=told, log=log, terminal=terminal))
        return started[-1]

    yield supervise
    for one in started:
        one.sweep_up()


class our_database:  # noqa: N801 - used as a context manager
    """
    Points this process's own database connection at the house.
    """

    def __init__(self, addresses, home, blocker) -> None:
        self.changes = {
            "NAME": addresses.postgres_database,
            "HOST": addresses.postgres_host,
            "PASSWORD": addresses.postgres_password,
        }
        self.stack = ExitStack()
        self.home, self.blocker = home, blocker

    def __enter__(self) -> None:
        before = {name: connection.settings_dict[name] for name in self.changes}
        self.stack.callback(connection.settings_dict.update, before)
        self.stack.callback(connection.close)
        self.stack.enter_context(self.blocker.unblock())
        self.stack.enter_context(override_settings(EMBEDDED_HOME=self.home))
        outside = os.environ["ISOLATED_EMBEDDED_HOME"]
        self.stack.callback(os.environ.__setitem__, "ISOLATED_EMBEDDED_HOME", outside)
        os.environ["ISOLATED_EMBEDDED_HOME"] = str(self.home)
        connection.close()
        connection.settings_dict.update(self.changes)

    def __exit__(self, *_how: object) -> None:
        self.stack.close()


def _open_new_lines_to_the_broker() -> None:
    """
    An earlier test may have restarted the broker: what this process keeps in its pools was cut then.
    """
    for pool in kombu.pools.connections.values():
        kept = []
        with suppress(ConnectionLimitExceeded):
            while True:
                kept.append(pool.acquire(block=False))
        for line in kept:
            line.collect()
            line.release()
