"""
Sends prepared requests over a handful of connections that stay open: on each the next one as soon as the last is answered.

One thread and plain sockets, because it takes its time from the same cores as those it measures; it says how much.
"""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

LONGEST_SILENCE_SECONDS = 30
ANSWER = b"HTTP/1.1 200"
END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"
ONE_READ = 65_536


class BadAnswer(RuntimeError):
    """
    The server did not answer 200, or not at all.
    """


@dataclass(frozen=True, kw_only=True)
class Pace:
    """
    How it went: `wall_seconds` from the first byte to the last answer, `own_seconds` of CPU time for the sending itself.
    """

    answers: int
    wall_seconds: float
    own_seconds: float
    milliseconds: list[float] = field(repr=False)  # each answer's, in the order in which they came

    @property
    def per_second(self) -> float:
        return self.answers / self.wall_seconds

    def percentile(self, percent: float) -> float:
        """
        So many percent of the answers came within these milliseconds.
        """
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@dataclass
class _Line:
    """
    One connection: what it waits for, since when, and what has come so far.
    """

    socket: socket.socket
    sent_at: float = 0.0
    came: bytearray = field(default_factory=bytearray)

    def ask(self, request: bytes) -> None:
        self.came.clear()
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """
        Take in what has come; is it a whole answer?
        """
        part = self.socket.recv(ONE_READ)
        if not part:
            raise BadAnswer("The server has closed the connection.")
        self.came += part
        head, end, body = bytes(self.came).partition(END_OF_HEAD)
        if not end:
            return False
        if not head.startswith(ANSWER):
            raise BadAnswer(f"The server answers {head[:40]!r}: {body[:200]!r}")
        return len(body) >= _length(head)


def drive(requests: Sequence[bytes], *, port: int, connections: int = 16) -> Pace:
    """
    Send them all; raises BadAnswer at the first answer that is not 200.
    """
    left = iter(requests)
    took: list[float] = []
    lines = [_Line(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
    began, cpu = time.perf_counter(), time.thread_time()
    try:
        with selectors.DefaultSelector() as selector:
            for line in lines:
                line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(line.socket, selectors.EVENT_READ, line)
                _next(line, left)
            _until_all_are_answered(selector, left, took, len(requests))
    finally:
        for line in lines:
            line.socket.close()
    return Pace(
        answers=len(took),
        wall_seconds=time.perf_counter() - began,
        own_seconds=time.thread_time() - cpu,
        milliseconds=took,
    )


def _until_all_are_answered(
    selector: selectors.BaseSelector, left: Iterator[bytes], took: list[float], wanted: int
) -> None:
    while len(took) < wanted:
        ready = selector.select(LONGEST_SILENCE_SECONDS)
        if not ready:
            raise BadAnswer(f"No answer within {LONGEST_SILENCE_SECONDS} s.")
        for key, _ in ready:
            line: _Line = key.data
            if line.is_answered():
                took.append((time.perf_counter() - line.sent_at) * 1000)
                _next(line, left)


def _next(line: _Line, left: Iterator[bytes]) -> None:
    request = next(left, None)
    if request is not None:
        line.ask(request)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(LENGTH):
            return int(line[len(LENGTH) :])
    raise BadAnswer("The answer does not say how long it is.")
