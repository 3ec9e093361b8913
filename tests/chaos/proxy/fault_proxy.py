"""
The proxy itself: runs in a thread of its own, is told from any other.
"""

import asyncio
import os
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Self

from tests.chaos.proxy.board import Board
from tests.chaos.proxy.counters import Counters, Tally
from tests.chaos.proxy.door import Door
from tests.chaos.proxy.faults import Fault, HalfClose, Pass, Refuse, Reset, Way
from tests.chaos.proxy.link import Link

TOLD_WITHIN_SECONDS = 10.0
Side = tuple[StreamReader, StreamWriter]
Upstream = tuple[str, int] | str | os.PathLike[str]


class NeverHappened(TimeoutError):
    """
    What was waited for did not happen at the proxy in time; the sentence quotes its counters.
    """


class FaultProxy:
    """
    A free port on loopback that leads to `upstream`: a host and port, or the path of a Unix socket.

    A fault holds from the moment `break_down` returns, for new and for existing connections, until another takes its
    place in that direction or `mend` is called. All methods may be called from any thread.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._tally = Tally()
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._board = Board()
        self._door = Door(self._welcome)
        self._told_at = Counters()
        self.port = self._door.port

    def __enter__(self) -> Self:
        self._thread.start()
        self._tell(self._door.open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TOLD_WITHIN_SECONDS)
        self._loop.close()

    # Questions

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    @property
    def counters(self) -> Counters:
        return self._tally.now

    @property
    def open_connections(self) -> int:
        return len(self._links)

    def wait_for_cut(self, seconds: float = 30.0, *, cuts: int = 1) -> None:
        """
        Wait until so many connections were cut since the last `break_down`; raises NeverHappened.
        """
        wanted = self._told_at.cuts + cuts
        self.wait_for(lambda counters: counters.cuts >= wanted, seconds)

    def wait_for(self, wanted: Callable[[Counters], bool], seconds: float = 30.0) -> None:
        """
        Wait until the counters are as wanted; raises NeverHappened.
        """
        if not self._tally.wait_for(wanted, seconds=seconds):
            raise NeverHappened(f"Not within {seconds} seconds: {self.counters}")

    # Changes

    def break_down(self, fault: Fault, *ways: Way) -> None:
        """
        From now on this is wrong with the link, in the given directions (none given: in both).
        """
        self._tell(self._break_down(fault, ways or tuple(Way)))

    def mend(self) -> None:
        """
        Nothing is wrong any more. What was stalled goes on; connections that lost bytes are reset.
        """
        self._tell(self._mend())

    # In the proxy's own thread

    def _tell(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(TOLD_WITHIN_SECONDS)

    async def _break_down(self, fault: Fault, ways: Iterable[Way]) -> None:
        self._told_at = self._tally.now
        match fault:
            case Refuse():
                self._door.close()
            case Reset():
                await self._reset(list(self._links))
            case HalfClose():
                for link in list(self._links):
                    for way in ways:
                        await link.flows[way].finish()
            case _:
                for way in ways:
                    self._board.put(fault, way)

    async def _mend(self) -> None:
        await self._reset([link for link in self._links if link.lost_bytes], count=False)
        for way in Way:
            self._board.put(Pass(), way)
        await self._door.open()

    async def _reset(self, links: list[Link], *, count: bool = True) -> None:
        for link in links:
            await link.reset()
        if count:
            self._tally.add(cuts=len(links))

    def _welcome(self, reader: StreamReader, writer: StreamWriter) -> None:
        # A task of our own: asyncio's would print a traceback for each connection that is open when we close.
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._tally.add(connections=1)
        try:
            server = await self._call_server()
            await self._connect((reader, writer), server)
        except OSError:
            self._tally.add(refused=1)
        finally:
            writer.transport.abort()

    async def _connect(self, client: Side, server: Side) -> None:
        link = Link(client=client, server=server, board=self._board, tally=self._tally)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)

    async def _call_server(self) -> Side:
        if isinstance(self._upstream, tuple):
            return await asyncio.open_connection(*self._upstream)
        return await asyncio.open_unix_connection(self._upstream)

    async def _close(self) -> None:
        self._door.give_up()
        tasks = list(self._tasks)
        for link in list(self._links):
            await link.reset()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
