"""
What one process says, line by line.
"""

import os
from collections import deque
from typing import IO

READ_AT_ONCE = 65_536  # a pipe holds no more
LAST_WORDS = 15


class Output:
    """
    The reading end of a process's stdout and stderr; never waits.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self.descriptor = stream.fileno()
        self.is_open = True
        self.last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._stream = stream
        self._unfinished = b""
        os.set_blocking(self.descriptor, False)

    def lines(self) -> list[str]:
        """
        The lines that have become complete. One without an end is cut, so that it cannot fill the memory.
        """
        self._unfinished += self._read()
        *complete, self._unfinished = self._unfinished.split(b"\n")
        if len(self._unfinished) > READ_AT_ONCE:
            complete, self._unfinished = [*complete, self._unfinished], b""
        return self._told(complete)

    def rest(self) -> list[str]:
        """
        What is still to be read of a process that has ended.
        """
        found = self.lines() + self._told([self._unfinished])
        self._unfinished = b""
        return found

    def close(self) -> None:
        self.is_open = False
        self._stream.close()

    def _read(self) -> bytes:
        try:
            read = os.read(self.descriptor, READ_AT_ONCE)
        except BlockingIOError:
            return b""
        self.is_open = bool(read)
        return read

    def _told(self, lines: list[bytes]) -> list[str]:
        told = [text for line in lines if (text := line.decode(errors="replace").rstrip())]
        self.last_words.extend(told)
        return told
