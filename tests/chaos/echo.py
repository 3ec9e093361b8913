"""
A server that answers what it hears, and knows what it heard and how each visit ended.
"""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

PATIENCE_SECONDS = 10


class Echo:
    """
    One real server, in threads; `heard` in pieces as they came, `endings` as "fin" or "reset".
    """

    def __init__(self, door: socket.socket) -> None:
        self.door = door
        self.heard: list[bytes] = []
        self.endings: list[str] = []
        self._changed = threading.Condition()

    @classmethod
    def on_tcp(cls) -> "Echo":
        return cls(socket.create_server(("127.0.0.1", 0)))

    @classmethod
    def on_unix(cls, path: Path) -> "Echo":
        door = socket.socket(socket.AF_UNIX)
        door.bind(str(path))
        door.listen()
        return cls(door)

    def __enter__(self) -> Self:
        threading.Thread(target=self._welcome, name="echo", daemon=True).start()
        return self

    def __exit__(self, *_how: object) -> None:
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.door.getsockname()
        return host, port

    @property
    def text(self) -> bytes:
        return b"".join(self.heard)

    def wait_for(self, wanted: Callable[[Self], bool]) -> None:
        """
        Wait until the server has heard, or seen the end of, what is wanted.
        """
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            came = self._changed.wait_for(lambda: wanted(self), timeout=give_up_at - time.monotonic())
        assert came, f"heard {self.text[:200]!r}, endings {self.endings}"

    def _welcome(self) -> None:
        while True:
            try:
                visitor, _ = self.door.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._answer, args=(visitor,), daemon=True).start()

    def _answer(self, visitor: socket.socket) -> None:
        with visitor:
            ending = "fin"
            try:
                while said := visitor.recv(65_536):
                    self._note(self.heard, said)
                    visitor.sendall(said)
            except ConnectionError:
                ending = "reset"
            self._note(self.endings, ending)

    def _note(self, where: list[Any], what: Any) -> None:
        with self._changed:
            where.append(what)
            self._changed.notify_all()
