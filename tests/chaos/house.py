"""
A house of the run's own: servers, sinks, a breakable link to each of them, and the processes of the system under test.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import redis

from devtools.mailbox import MailboxClient
from devtools.show.crew import Crew, free_port
from devtools.show.screen import answers
from devtools.till import TillClient
from embedded import Addresses, Companion, Servers
from tests.chaos.proxy import FaultProxy
from tests.chaos.sinks import LOCATIONS, REFUSED_ADDRESSES, where_it_is
from tests.chaos.steward import Steward
from tests.chaos.terms import ROOT, Terms

SECRET = "whsec_chaos"
BELOW_THE_PORTS_OF_CALLERS = 20_000  # Linux gives them from 32768 on
POSTGRES_SOCKET = ".s.PGSQL.5432"


class System(Protocol):
    """
    What is tested: how its processes are started and what they are told.
    """

    name: str
    webhook: str  # the path of its URL
    workers: Sequence[str]

    def told(self, house: "House") -> dict[str, str]: ...

    def command(self, program: str, house: "House") -> Sequence[str]: ...

    def prepare(self, house: "House") -> None: ...


class House:
    """
    One system under test and everything around it. As a context manager it leaves nothing behind.
    """

    def __init__(self, *, system: System, terms: Terms, home: Path) -> None:
        self.system, self.terms, self.home = system, terms, home
        self.token = "chaos-till-token"
        self.port, *ports = lasting_ports(4)
        self.servers = Servers(home, companions=_sinks(self.token, ports))
        self.roads: dict[str, FaultProxy] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(self.servers.remove)
            self.addresses: Addresses = self.servers.ensure_running()
            self.mailbox = MailboxClient(where_it_is(self.home, "mailbox")["url"])
            self.till = TillClient(where_it_is(self.home, "till")["url"])
            self.roads = {name: stack.enter_context(FaultProxy(to)) for name, to in self._upstreams().items()}
            self.system.prepare(self)
            self.crew = Crew(environment=self.system.told(self), logs=self.home / "logs")
            self.steward = stack.enter_context(
                Steward(self.crew, command=lambda program: self.system.command(program, self))
            )
            self.steward.start("web", *self.system.workers)
            self._wait_until_open()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # Where things are

    @property
    def webhook(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.system.webhook}"

    @property
    def database_url(self) -> str:
        at, port = self.addresses, self.roads["database"].port
        return f"postgres://{at.postgres_user}:{at.postgres_password}@127.0.0.1:{port}/{at.postgres_database}"

    @property
    def broker_url(self) -> str:
        return f"redis://:{self.addresses.broker_password}@127.0.0.1:{self.roads['broker'].port}/0"

    def page_of(self, sink: str) -> str:
        """
        Where the mailbox or the till answers people.
        """
        return f"{self.mailbox.url}/" if sink == "mailbox" else f"{self.till.url}/_till/counts"

    def broker(self) -> redis.Redis:
        """
        The broker itself, not by the road that can be broken.
        """
        at = self.addresses
        return redis.Redis(
            unix_socket_path=at.broker_socket,
            password=at.broker_password,
            socket_timeout=3,
            socket_connect_timeout=3,
        )

    def inherited(self) -> dict[str, str]:
        """
        The environment in which our own commands run.
        """
        return {**os.environ, "PYTHONPATH": str(ROOT)}

    def make_whole(self) -> None:
        """
        Mend whatever may still be broken, and have everybody at work.
        """
        for road in self.roads.values():
            road.mend()
        self.mailbox.mend()
        self.till.mend()
        self.steward.see_that_all_run()

    def _wait_until_open(self) -> None:
        self.crew.wait_for("web", lambda: answers(f"http://127.0.0.1:{self.port}/"))
        for name in self.system.workers:
            if name != "beat":
                self.crew.wait_for(name, lambda name=name: self.crew.says(name, "ready."))  # type: ignore[misc]

    def _upstreams(self) -> dict[str, tuple[str, int] | str]:
        mail, till = where_it_is(self.home, "mailbox"), where_it_is(self.home, "till")
        return {
            "database": str(Path(self.addresses.postgres_host) / POSTGRES_SOCKET),
            "broker": self.addresses.broker_socket,
            "mail": (mail["smtp_host"], mail["smtp_port"]),
            "till": ("127.0.0.1", int(till["url"].rsplit(":", 1)[1])),
        }


def lasting_ports(count: int) -> list[int]:
    """
    Free ports that stay ours while nobody listens: the system gives them to no caller of somebody else.
    """
    found: list[int] = []
    wanted = BELOW_THE_PORTS_OF_CALLERS + os.getpid() * 16 % 8_000
    while len(found) < count:
        found.append(free_port(wanted))
        wanted = found[-1] + 1
    return found


def _sinks(token: str, ports: Sequence[int]) -> tuple[Companion, Companion]:
    """
    The outside of each house: they keep their own books, and what they refuse for good they refuse for good.
    """
    smtp, pages, till = map(str, ports)
    refused = ("--refuse", REFUSED_ADDRESSES)
    locations = [word for place in LOCATIONS for word in ("--location", place)]
    return (
        _sink("mailbox", "--home", "{home}/mailbox", "--smtp-port", smtp, "--http-port", pages, *refused),
        _sink("till", "--home", "{home}/till", "--port", till, "--token", token, *locations),
    )


def _sink(name: str, *arguments: str) -> Companion:
    return Companion(name=name, argv=(sys.executable, "-m", f"devtools.{name}", *arguments), directory=ROOT)
