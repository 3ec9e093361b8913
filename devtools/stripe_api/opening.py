"""
Opening and closing the API: its home, its port, its file `stripe.json`.
"""

import asyncio
import contextlib
import ipaddress
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from devtools.stripe_api.books import Books
from devtools.stripe_api.place import DEFAULT_KEY, StripeApi
from devtools.stripe_api.server import application

ADDRESS_FILE = "stripe.json"
PORT_NOTE = "port"
LARGEST_READ_BYTES = 64 * 1024 * 1024  # a control may tell of thousands of events at once


class NotLoopbackError(ValueError):
    """
    A stand-in is served to this machine only.
    """


@dataclass(frozen=True, kw_only=True)
class Setup:
    """
    How it is opened; port 0 means the port of last time if it is free, else any free one.
    """

    home: Path
    host: str = "127.0.0.1"
    port: int = 0
    key: str = DEFAULT_KEY
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        try:
            inside = ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            inside = False  # a name may mean another address tomorrow
        if not inside:
            raise NotLoopbackError(f"{self.host} is not a loopback address. Use 127.0.0.1.")


async def keep_open(setup: Setup, *, until: asyncio.Event, opened: Callable[[str], None]) -> None:
    """
    Serve until the event is set, and tell the address when it is ready.
    """
    with contextlib.closing(Books.open(setup.home)) as books:
        api = StripeApi(books=books, key=setup.key, clock=setup.clock)
        sockets = _bound(setup, books)
        server = HTTPServer(application(api), max_buffer_size=LARGEST_READ_BYTES)
        server.add_sockets(sockets)
        try:
            with _announced(setup, sockets[0].getsockname()[1], books) as url:
                opened(url)
                await until.wait()
        finally:
            server.stop()
            await server.close_all_connections()


def _bound(setup: Setup, books: Books) -> list[socket.socket]:
    if setup.port == 0:
        with contextlib.suppress(OSError):
            return bind_sockets(int(books.noted(PORT_NOTE) or 0), setup.host)
    return bind_sockets(setup.port, setup.host)


@contextlib.contextmanager
def _announced(setup: Setup, port: int, books: Books) -> Iterator[str]:
    books.note(PORT_NOTE, str(port))
    host = f"[{setup.host}]" if ":" in setup.host else setup.host
    url = f"http://{host}:{port}"
    address, draft = setup.home / ADDRESS_FILE, setup.home / f"{ADDRESS_FILE}.new"
    draft.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n")
    draft.replace(address)
    try:
        yield url
    finally:
        address.unlink(missing_ok=True)
