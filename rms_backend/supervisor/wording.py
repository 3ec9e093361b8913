"""
What the supervisor says, and how the lines of all processes stand below each other.
"""

import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

OURSELVES = "supervisor"


class Voice:
    """
    One stream for everybody: each line begins with the name of who says it.
    """

    def __init__(self, stream: Any, *, names: Sequence[str]) -> None:
        self._stream = stream
        self._width = max(len(name) for name in (*names, OURSELVES))

    def say(self, text: str) -> None:
        self.quote(OURSELVES, [text])

    def quote(self, name: str, lines: Sequence[str]) -> None:
        """
        Pass on what a process said.
        """
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        text = "".join(f"{name:<{self._width}} | {line}\n" for line in lines)
        # A terminal that has been closed, or a `head` that has seen enough, is no reason to let workers down.
        with suppress(OSError):
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()


def how_it_ended(returncode: int) -> str:
    """
    `exit status 1`, or `SIGKILL`.
    """
    if returncode >= 0:
        return f"exit status {returncode}"
    with suppress(ValueError):
        return signal.Signals(-returncode).name
    return f"signal {-returncode}"


def ordinal(number: int) -> str:
    """
    1st, 2nd, 3rd, 4th, …
    """
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
