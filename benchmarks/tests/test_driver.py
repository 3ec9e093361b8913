"""
The driver counts whole answers, and takes nothing but 200 for one.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from benchmarks.webhook.driver import BadAnswer, drive

REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
IN_TWO_PARTS = (b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 5\r\n\r\nKept.")
REFUSED = (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno",)


@contextmanager
def server(*answer: bytes) -> Iterator[int]:
    """
    Answers each request on each connection with these parts; yields its port.
    """
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=welcome, args=(door, answer), daemon=True).start()
        yield door.getsockname()[1]


def welcome(door: socket.socket, answer: tuple[bytes, ...]) -> None:
    while True:
        try:
            line, _ = door.accept()
        except OSError:  # closed: the test is over
            return
        threading.Thread(target=serve, args=(line, answer), daemon=True).start()


def serve(line: socket.socket, answer: tuple[bytes, ...]) -> None:
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with suppress(OSError):  # the driver has had enough
        while line.recv(len(REQUEST), socket.MSG_WAITALL):
            for part in answer:
                line.sendall(part)


class TestDriver:
    def test_gets_one_answer_for_each_request_also_when_it_comes_in_parts(self):
        with server(*IN_TWO_PARTS) as port:
            pace = drive([REQUEST] * 50, port=port, connections=4)

        assert pace.answers == len(pace.milliseconds) == 50

    def test_needs_no_more_connections_than_requests(self):
        with server(*IN_TWO_PARTS) as port:
            pace = drive([REQUEST], port=port, connections=4)

        assert pace.answers == 1

    def test_takes_a_refusal_for_the_end(self):
        with server(*REFUSED) as port, pytest.raises(BadAnswer, match="400"):
            drive([REQUEST] * 3, port=port, connections=2)
