"""
The API for tests: it runs in a thread of this process, with its own event loop.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from devtools.stripe_api.client import StripeApiClient
from devtools.stripe_api.opening import Setup, keep_open
from devtools.stripe_api.place import DEFAULT_KEY

DEADLINE_SECONDS = 20


class StuckError(RuntimeError):
    """
    The stand-in was told to end and did not: its own bug, not one of the test that used it.
    """


class RunningStripeApi(StripeApiClient):
    """
    A stand-in that runs as long as its `with` block; all controls of `StripeApiClient`, and how to reach it.
    """

    def __init__(self, url: str, *, setup: Setup) -> None:
        super().__init__(url)
        self.home = setup.home
        self.key = setup.key


@contextmanager
def running_stripe_api(
    *, home: Path, key: str = DEFAULT_KEY, port: int = 0, clock: Callable[[], float] = time.time
) -> Iterator[RunningStripeApi]:
    """
    Open the API, and close it at the end of the block; what it holds stays in its home.
    """
    setup = Setup(home=Path(home), key=key, port=port, clock=clock)
    ready: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=_run, args=(setup, ready), name="local Stripe API", daemon=True)
    thread.start()
    url, loop, stop = ready.result(timeout=DEADLINE_SECONDS)
    api = RunningStripeApi(url, setup=setup)
    try:
        yield api
    finally:
        api.close()
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=DEADLINE_SECONDS)
        if thread.is_alive():
            raise StuckError(f"The API of {setup.home} did not end in {DEADLINE_SECONDS} seconds.")


def _run(setup: Setup, ready: "Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]]") -> None:
    try:
        asyncio.run(_serve(setup, ready))
    except Exception as error:
        if ready.done():
            raise
        ready.set_exception(error)  # the test that wanted it gets the reason


async def _serve(setup: Setup, ready: "Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]]") -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    await keep_open(setup, until=stop, opened=lambda url: ready.set_result((url, loop, stop)))
