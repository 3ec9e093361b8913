"""
Opening and closing the till: its home, its port, its file `till.json`.
"""

import asyncio
import contextlib
import fcntl
import ipaddress
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from devtools.till.faults import Faults
from devtools.till.ledger import Ledger
from devtools.till.place import DEFAULT_LOCATIONS, DEFAULT_TOKEN, Clock, Till, system_clock
from devtools.till.server import application

ADDRESS_FILE = "till.json"
LOCK_FILE = "till.lock"
PORT_NOTE = "port"
LARGEST_READ_BYTES = (
    16 * 1024 * 1024
)  # read this much in order to answer 413 politely; beyond it the door shuts


class NotLoopbackError(ValueError):
    """
    The till takes no real money and keeps no real secrets, so it is served to this machine only.
    """


class HomeInUseError(RuntimeError):
    """
    Another till is open in this home folder. Close it first, or choose another folder.
    """


class PortTakenError(RuntimeError):
    """
    Something else listens on the port. Choose another, or 0 for a free one.
    """


@dataclass(frozen=True, kw_only=True)
class Setup:
    """How a till is opened; port 0 means the port of last time if it is free, else any free one."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 0
    token: str = DEFAULT_TOKEN
    locations: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_LOCATIONS))
    clock: Clock = system_clock

    def __post_init__(self) -> None:
        if not _is_loopback(self.host):
            raise NotLoopbackError(f"{self.host} is not a loopback address. Use 127.0.0.1.")


async def keep_open(setup: Setup, *, until: asyncio.Event, opened: Callable[[str], None]) -> None:
    """Serve the till until the event is set, and tell its address when it is ready."""
    with _locked(setup.home), contextlib.closing(Ledger.open(setup.home)) as ledger:
        till = Till(
            ledger=ledger,
            faults=Faults(),
            token=setup.token,
            locations=setup.locations,
            clock=setup.clock,
        )
        sockets = _bound(setup, ledger)
        server = HTTPServer(application(till), max_buffer_size=LARGEST_READ_BYTES)
        server.add_sockets(sockets)
        try:
            with _announced(setup, sockets[0].getsockname()[1], ledger) as url:
                opened(url)
                await until.wait()
        finally:
            server.stop()
            await server.close_all_connections()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name may mean another address tomorrow


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel lets go of it when a till is killed
        except BlockingIOError as error:
            raise HomeInUseError(f"Another till is open in {home}.") from error
        (home / ADDRESS_FILE).unlink(missing_ok=True)  # left behind by a till that was killed
        yield


def _bound(setup: Setup, ledger: Ledger) -> list[socket.socket]:
    if setup.port == 0:
        with contextlib.suppress(OSError):
            return bind_sockets(int(ledger.noted(PORT_NOTE) or 0), setup.host)
    try:
        return bind_sockets(setup.port, setup.host)
    except OSError as error:
        raise PortTakenError(f"Port {setup.port} is taken. Choose another, or 0 for a free one.") from error


@contextlib.contextmanager
def _announced(setup: Setup, port: int, ledger: Ledger) -> Iterator[str]:
    ledger.note(PORT_NOTE, str(port))
    host = f"[{setup.host}]" if ":" in setup.host else setup.host
    url = f"http://{host}:{port}"
    address = setup.home / ADDRESS_FILE
    draft = setup.home / f"{ADDRESS_FILE}.new"
    draft.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n")
    draft.replace(address)
    try:
        yield url
    finally:
        address.unlink(missing_ok=True)
