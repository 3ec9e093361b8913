"""
A lean mail server: `python -m benchmarks.lanes.mail_sink`. It keeps the Message-ID of each letter, and answers the
letter, and nothing else, after a while.
"""

import asyncio
import re

from benchmarks.lanes.sink import Mood, Sink, serve

MESSAGE_ID = re.compile(rb"(?im)^message-id:\s*<([^>]+)>")
WORDS = {
    b"EHLO": b"250-sink\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n",
    b"HELO": b"250 sink\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}
END = b"\r\n.\r\n"


class Conversation(asyncio.Protocol):
    """
    One line to a client.
    """

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.heard = bytearray()
        self.in_letter = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - told to mypy
        self.line = transport
        self.line.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.heard += data
        while self._understood():
            pass

    def _understood(self) -> bool:
        end = END if self.in_letter else b"\r\n"
        found = self.heard.find(end)
        if found < 0:
            return False
        said = bytes(self.heard[:found])
        del self.heard[: found + len(end)]
        self._take(said) if self.in_letter else self._obey(said)
        return True

    def _obey(self, said: bytes) -> None:
        word = said[:4].upper()
        self.line.write(WORDS.get(word, b"250 ok\r\n"))
        self.in_letter = word == b"DATA"

    def _take(self, letter: bytes) -> None:
        self.in_letter = False
        found = MESSAGE_ID.search(letter)
        name = found.group(1).decode() if found else "nameless"
        self.sink.answer(lambda: self._accept(name))

    def _accept(self, name: str) -> None:
        if self.sink.mood is Mood.FAILING:
            self.line.write(b"451 not today\r\n")
            return
        self.sink.truth.came[name] += 1
        self.line.write(b"250 taken\r\n")


if __name__ == "__main__":
    serve(Conversation)
