"""
A till for tests: it runs in a thread of this process, with its own event loop.
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from devtools.till.client import TillClient
from devtools.till.opening import Setup, keep_open
from devtools.till.place import DEFAULT_LOCATIONS, DEFAULT_TOKEN, Clock, system_clock

DEADLINE_SECONDS = 20


class TillStuckError(RuntimeError):
    """
    The till was told to end and did not: a bug in the till, not in the test that used it.
    """


class RunningTill(TillClient):
    """A till that runs as long as its `with` block; all controls of `TillClient`, and how to reach it."""

    def __init__(self, url: str, *, setup: Setup) -> None:
        super().__init__(url)
        self.home = setup.home
        self.token = setup.token
        self.locations = setup.locations


@contextmanager
def running_till(
    *,
    home: Path,
    token: str = DEFAULT_TOKEN,
    port: int = 0,
    locations: Mapping[str, str] = DEFAULT_LOCATIONS,
    clock: Clock = system_clock,
) -> Iterator[RunningTill]:
    """Open a till, and close it at the end of the block; what it holds stays in its home."""
    setup = Setup(home=Path(home), token=token, port=port, locations=locations, clock=clock)
    ready: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=_run, args=(setup, ready), name="local till", daemon=True)
    thread.start()
    url, loop, stop = ready.result(timeout=DEADLINE_SECONDS)
    till = RunningTill(url, setup=setup)
    try:
        yield till
    finally:
        till.close()
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=DEADLINE_SECONDS)
        if thread.is_alive():
            raise TillStuckError(f"The till of {setup.home} did not end in {DEADLINE_SECONDS} seconds.")


def _run(setup: Setup, ready: "Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]]") -> None:
    try:
        asyncio.run(_serve(setup, ready))
    except Exception as error:
        if ready.done():
            raise
        ready.set_exception(error)  # the test that wanted a till gets the reason


async def _serve(setup: Setup, ready: "Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]]") -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    await keep_open(setup, until=stop, opened=lambda url: ready.set_result((url, loop, stop)))
