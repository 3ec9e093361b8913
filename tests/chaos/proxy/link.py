"""
One connection through the proxy: two flows, which end together.
"""

import asyncio
import fcntl
import socket
import struct
import termios
import time
from asyncio import StreamReader, StreamWriter

from tests.chaos.proxy.board import Board
from tests.chaos.proxy.counters import Tally
from tests.chaos.proxy.faults import Way

PIECE_BYTES = 65_536
READ_AHEAD = 256  # pieces, so that latency does not become a limit of throughput
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no seconds
DELIVERED_WITHIN_SECONDS = 2.0
ENDED = b""
LOST = None


class Link:
    """
    A client and its server, connected through us.
    """

    def __init__(
        self, *, client: tuple[StreamReader, StreamWriter], server: tuple[StreamReader, StreamWriter],
        board: Board, tally: Tally,
    ) -> None:  # fmt: skip
        self.tally = tally
        self.lost_bytes = False
        self._writers = (client[1], server[1])
        self.flows = {
            Way.TO_SERVER: LinkFlow(self, Way.TO_SERVER, client[0], server[1], board),
            Way.TO_CLIENT: LinkFlow(self, Way.TO_CLIENT, server[0], client[1], board),
        }

    async def run(self) -> None:
        """
        Carry both directions until both have ended, or one was lost.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for flow in self.flows.values():
                    group.create_task(flow.read())
                    group.create_task(flow.carry())
        except* OSError:
            await self.reset()  # one side is gone without a word: so is the other
        finally:
            for writer in self._writers:
                writer.close()

    async def reset(self) -> None:
        """
        End both sides with RST, whatever is under way; done on return.
        """
        for writer in self._writers:
            connection = writer.get_extra_info("socket")
            if connection.family == socket.AF_INET and connection.fileno() >= 0:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()
        await asyncio.sleep(0)  # asyncio closes what was aborted in its next round


class LinkFlow:
    """
    One direction of a link: reads ahead, and carries what it has read as the board says.
    """

    def __init__(
        self, link: Link, way: Way, reader: StreamReader, writer: StreamWriter, board: Board
    ) -> None:
        self._link, self._way, self._board = link, way, board
        self._reader, self._writer = reader, writer
        self._read: asyncio.Queue[tuple[float, bytes | None]] = asyncio.Queue(READ_AHEAD)
        self._read_at = 0.0
        self._finished = False

    async def read(self) -> None:
        piece: bytes | None = None
        while piece != ENDED:
            try:
                piece = await self._reader.read(PIECE_BYTES)
            except OSError:
                await self._read.put((time.monotonic(), LOST))
                return
            await self._read.put((time.monotonic(), piece))

    async def carry(self) -> None:
        while True:
            self._read_at, piece = await self._read.get()
            if piece is LOST or piece == ENDED:
                return await self._end(lost=piece is LOST)
            while piece:
                piece = await self._board.treatment(self._way).carry(self, piece)

    async def _end(self, *, lost: bool) -> None:
        ended = False
        while not ended:
            treatment = self._board.treatment(self._way)
            if lost and not treatment.hides_loss:
                raise ConnectionResetError
            ended = await treatment.end(self)

    # What treatments do with it

    async def forward(self, piece: bytes) -> None:
        if piece and not self._finished:
            self._writer.write(piece)
            await self._writer.drain()
            self.count(**{f"bytes_{self._way.value}": len(piece)})

    async def finish(self) -> None:
        if not self._finished and self._writer.can_write_eof():
            self._finished = True
            self._writer.write_eof()

    async def cut(self) -> None:
        """
        Reset the link, after what was forwarded has arrived.
        """
        await self._delivered()
        await self._link.reset()
        self.count(cuts=1)
        raise ConnectionAbortedError

    async def pause(self, seconds: float | None = None) -> bool:
        """
        Wait so many seconds, or for ever; True if the fault was changed meanwhile.
        """
        return await self._board.changed_within(seconds)

    def age(self) -> float:
        """
        How many seconds ago the piece under way came in.
        """
        return time.monotonic() - self._read_at

    def swallow(self, piece: bytes) -> None:
        self._link.lost_bytes = True
        self.count(swallowed=len(piece))

    def count(self, **more: int) -> None:
        self._link.tally.add(**more)

    async def _delivered(self) -> None:
        # A reset throws away what still waits to be sent, so wait until the other side's kernel has it.
        connection = self._writer.get_extra_info("socket")
        give_up_at = time.monotonic() + DELIVERED_WITHIN_SECONDS
        while self._writer.transport.get_write_buffer_size() or _unsent(connection):
            if time.monotonic() > give_up_at:
                return
            await asyncio.sleep(0.001)


def _unsent(connection: socket.socket) -> int:
    if connection.family != socket.AF_INET or connection.fileno() < 0:
        return 0  # what is written to a Unix socket is at the other side already
    return int(struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0])
