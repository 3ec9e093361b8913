"""
What a client reaches that does nothing but talk: eight threads with prepared bytes, over kept connections.

Measured in the same run, it tells how much of the physical limit this machine gives away at this moment to other work.
"""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

LETTER = b"Message-ID: <bare@bench>\r\nSubject: bare\r\n\r\nHello\r\n.\r\n"
WORDS = (b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.com>\r\n", b"DATA\r\n", LETTER)
PAYMENT = {"reference_id": "bare"}


def answers_per_second(sink: str, port: int, *, at_once: int, answers: int) -> float:
    """
    So many answers, at most so many at a time: how many a second.
    """
    talk, each = {"mail": _letters, "till": _requests}[sink], answers // at_once
    with ThreadPoolExecutor(at_once) as threads:
        began = time.monotonic()
        list(threads.map(lambda _n: _talk(talk, port, each), range(at_once)))
        return each * at_once / (time.monotonic() - began)


def _talk(talk: Callable[[socket.socket, int], None], port: int, times: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line:
        talk(line, times)


def _letters(line: socket.socket, times: int) -> None:
    line.recv(1000)
    for _ in range(times):
        for word in WORDS:
            line.sendall(word)
            line.recv(1000)


def _requests(line: socket.socket, times: int) -> None:
    body = json.dumps(PAYMENT).encode()
    asked = b"POST /v2/payments HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    for _ in range(times):
        line.sendall(asked)
        line.recv(10_000)
