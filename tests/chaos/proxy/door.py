"""
The port of a proxy: open, or closed so that callers are refused, and ours all the time.
"""

import asyncio
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable

WAITING_CALLERS = 512


class Door:
    """
    A free port on loopback. Lives in the proxy's thread.
    """

    def __init__(self, welcome: Callable[[StreamReader, StreamWriter], None]) -> None:
        self._welcome = welcome
        self._server: asyncio.Server | None = None
        # Bound and never listening: keeps the port for us while the door is closed.
        self._keeper = _bound(0)
        self.port: int = self._keeper.getsockname()[1]

    async def open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(
                self._welcome, sock=_bound(self.port), backlog=WAITING_CALLERS
            )

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def give_up(self) -> None:
        """
        Close for good.
        """
        self.close()
        self._keeper.close()


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound
