"""
A mailbox at work: its shelf, its SMTP server and its page, started and ended together.
"""

import asyncio
import fcntl
import json
import os
import socket
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

from tornado.httpserver import HTTPServer

from devtools.mailbox.archivist import Archivist
from devtools.mailbox.clerk import Clerk
from devtools.mailbox.conversation import Conversation
from devtools.mailbox.fault_board import FaultBoard
from devtools.mailbox.faults import Fault, Mode, Phase
from devtools.mailbox.options import MailboxOptions
from devtools.mailbox.page import Desk
from devtools.mailbox.pages import mailbox_pages
from devtools.mailbox.ports import bound, last_ports, port_of
from devtools.mailbox.shelf import Shelf

LONGEST_WAIT_FOR_CLIENTS = 5


class HomeInUse(RuntimeError):
    """
    Another mailbox works in this home. End it, or choose another home.
    """


@dataclass(frozen=True, kw_only=True)
class Address:
    """
    Where the mailbox can be reached: the content of mailbox.json.
    """

    smtp_host: str
    smtp_port: int
    url: str
    pid: int


class Station:
    """
    One mailbox: `async with Station(options) as station`, then `station.address`.
    """

    address: Address

    def __init__(self, options: MailboxOptions) -> None:
        self._options = options
        self._faults = FaultBoard(lasting=[refusal_of(recipient) for recipient in options.refused])
        self._open_lines: set[Conversation] = set()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._stack.aclose()

    async def _open(self, stack: AsyncExitStack) -> None:
        home = self._options.home
        home.mkdir(parents=True, exist_ok=True)
        stack.enter_context(claimed(home))
        announcement = home / "mailbox.json"
        announcement.unlink(missing_ok=True)  # a killed predecessor's
        shelf = Shelf(home / "mailbox.sqlite3")
        archivist = Archivist(shelf)
        archivist.start()
        stack.push_async_callback(archivist.stop)
        smtp, http = self._bind(stack)
        await self._open_smtp(stack, smtp, archivist)
        self.address = self._address(smtp, http)
        self._open_pages(stack, http, shelf)
        write_atomically(home / "ports.json", {"smtp": self.address.smtp_port, "http": port_of(http)})
        write_atomically(announcement, asdict(self.address))
        stack.callback(announcement.unlink, missing_ok=True)

    def _bind(self, stack: AsyncExitStack) -> tuple[socket.socket, socket.socket]:
        options = self._options
        last = last_ports(options.home)
        smtp = bound(options.host, wanted=options.smtp_port, last=last.get("smtp", 0))
        stack.callback(smtp.close)
        http = bound(options.host, wanted=options.http_port, last=last.get("http", 0))
        stack.callback(http.close)
        return smtp, http

    async def _open_smtp(self, stack: AsyncExitStack, listening: socket.socket, archivist: Archivist) -> None:
        tls_context = self._options.tls_context()
        clerk = Clerk(archivist=archivist, faults=self._faults)

        def conversation() -> Conversation:
            return Conversation(
                clerk, options=self._options, tls_context=tls_context, open_lines=self._open_lines
            )

        server = await asyncio.get_running_loop().create_server(conversation, sock=listening, backlog=512)
        stack.push_async_callback(self._close_lines)
        stack.callback(server.close)

    async def _close_lines(self) -> None:
        for line in list(self._open_lines):
            line.cut()
        await asyncio.sleep(0)  # lets the ends of the conversations run

    def _open_pages(self, stack: AsyncExitStack, listening: socket.socket, shelf: Shelf) -> None:
        desk = Desk(shelf=shelf, faults=self._faults, about=asdict(self.address))
        server = HTTPServer(mailbox_pages(desk))
        server.add_socket(listening)

        async def close() -> None:
            server.stop()
            await asyncio.wait_for(server.close_all_connections(), LONGEST_WAIT_FOR_CLIENTS)

        stack.push_async_callback(close)

    def _address(self, smtp: socket.socket, http: socket.socket) -> Address:
        host = self._options.host
        shown = f"[{host}]" if ":" in host else host
        return Address(
            smtp_host=host, smtp_port=port_of(smtp), url=f"http://{shown}:{port_of(http)}", pid=os.getpid()
        )


def refusal_of(recipient: str) -> Fault:
    return Fault(mode=Mode.REFUSE_PERMANENTLY, phase=Phase.RCPT, recipient=recipient)


def claimed(home: Path) -> IO[str]:
    lock = (home / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        lock.close()
        raise HomeInUse(f"Another mailbox works in {home}. End it, or choose another home.") from taken
    return lock


def write_atomically(path: Path, content: dict[str, Any]) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(content) + "\n")
    unfinished.replace(path)
