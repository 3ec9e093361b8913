"""
A mailbox inside the test's own process, on a thread with a loop of its own.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from devtools.mailbox.client import MailboxClient
from devtools.mailbox.options import MailboxOptions
from devtools.mailbox.station import Address, Station

LONGEST_START_SECONDS = 20
LONGEST_END_SECONDS = 20


class DidNotEnd(RuntimeError):
    """
    The mailbox's thread still runs although it was told to end.
    """


@contextmanager
def running_mailbox(
    home: Path,
    *,
    smtp_port: int = 0,
    http_port: int = 0,
    certificate: Path | None = None,
    key: Path | None = None,
    user: str | None = None,
    password: str | None = None,
    refused: tuple[str, ...] = (),
) -> Iterator[MailboxClient]:
    """
    Run a mailbox for the length of the block. The letters stay in its home, also for the next mailbox there.
    """
    options = MailboxOptions(
        home=home,
        smtp_port=smtp_port,
        http_port=http_port,
        certificate=certificate,
        key=key,
        user=user,
        password=password,
        refused=refused,
    )
    thread = MailboxThread(options)
    thread.start()
    try:
        yield MailboxClient(thread.ready.result(LONGEST_START_SECONDS).url)
    finally:
        thread.end()


class MailboxThread(threading.Thread):
    """
    Runs a station until told to end.
    """

    def __init__(self, options: MailboxOptions) -> None:
        super().__init__(name="mailbox", daemon=True)
        self.ready: Future[Address] = Future()
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._told_to_end = asyncio.Event()

    def run(self) -> None:
        """
        Work on the loop of this thread.
        """
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._work())

    def end(self) -> None:
        """
        Tell it to end, and wait until it has.
        """
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told_to_end.set)
        self.join(LONGEST_END_SECONDS)
        if self.is_alive():
            raise DidNotEnd("The mailbox's thread still runs although it was told to end.")

    async def _work(self) -> None:
        try:
            station = await Station(self._options).__aenter__()
        except BaseException as failure:  # noqa: BLE001 - raised again in the thread that waits
            self.ready.set_exception(failure)
            return
        self.ready.set_result(station.address)
        await self._told_to_end.wait()
        await station.__aexit__()
