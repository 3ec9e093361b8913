"""
Somebody who uses a link.
"""

import contextlib
import socket
from collections.abc import Iterator

from tests.chaos.proxy import FaultProxy


@contextlib.contextmanager
def guest(proxy: FaultProxy) -> Iterator[socket.socket]:
    """
    A connection through the proxy that has been used once.
    """
    with socket.create_connection(proxy.address, timeout=10) as connection:
        assert ask(connection, b"hello") == b"hello"
        yield connection


def ask(connection: socket.socket, question: bytes) -> bytes:
    connection.sendall(question)
    return hear(connection, len(question))


def hear(connection: socket.socket, count: int) -> bytes:
    heard = b""
    while len(heard) < count and (piece := connection.recv(count - len(heard))):
        heard += piece
    return heard
