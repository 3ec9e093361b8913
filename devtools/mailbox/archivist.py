"""
The one thread that writes: whatever is waiting goes into one commit, and only then may "250" be said.
"""

import asyncio
import queue
import sqlite3
import threading
from dataclasses import dataclass

from devtools.mailbox.letter import Arrival
from devtools.mailbox.shelf import Shelf, put_on_shelf

LARGEST_BATCH = 500


@dataclass(frozen=True, eq=False)
class Wish:
    """
    One arrival whose conversation waits for the commit.
    """

    arrival: Arrival
    kept: "asyncio.Future[None]"


class Archivist:
    """
    Keeps arrivals for one event loop without ever blocking it.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._wishes: queue.SimpleQueue[Wish | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="mailbox-archivist", daemon=True)

    def start(self) -> None:
        """
        Begin to take arrivals.
        """
        self._thread.start()

    async def stop(self) -> None:
        """
        Keep what is still waiting, then end.
        """
        self._wishes.put(None)
        await asyncio.to_thread(self._thread.join)

    async def keep(self, arrival: Arrival) -> None:
        """
        Return when the arrival is committed; raise what the shelf raised when it could not be.
        """
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wishes.put(Wish(arrival=arrival, kept=kept))
        await kept

    def _work(self) -> None:
        connection = self._shelf.open()
        try:
            while batch := self._next_batch():
                self._keep_batch(connection, batch)
        finally:
            connection.close()

    def _next_batch(self) -> list[Wish]:
        wish = self._wishes.get()
        batch: list[Wish] = []
        while wish is not None:
            batch.append(wish)
            if len(batch) == LARGEST_BATCH or self._wishes.empty():
                return batch
            wish = self._wishes.get()
        self._wishes.put(None)  # the end came with this batch: keep it first, then meet the end again
        return batch

    def _keep_batch(self, connection: sqlite3.Connection, batch: list[Wish]) -> None:
        failure: Exception | None = None
        try:
            put_on_shelf(connection, [wish.arrival for wish in batch])
        except Exception as error:  # noqa: BLE001 - handed to everyone who waits; the thread must live on
            failure = error
        for wish in batch:
            wish.kept.get_loop().call_soon_threadsafe(answer, wish.kept, failure)


def answer(kept: "asyncio.Future[None]", failure: Exception | None) -> None:
    if kept.done():  # the client has gone meanwhile
        return
    if failure is None:
        kept.set_result(None)
    else:
        kept.set_exception(failure)
