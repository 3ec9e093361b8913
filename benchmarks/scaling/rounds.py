"""
The dispatcher's rounds: how many step runs each of them sent, a line per round in one file, whoever made it.
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """
    How many rounds there were, how many of them found nothing to send, and how many step runs the others sent.
    """

    made: int
    empty: int
    sent: int

    @classmethod
    def of(cls, lines: list[str]) -> "Rounds":
        sent = [int(line) for line in lines]
        return cls(made=len(sent), empty=sent.count(0), sent=sum(sent))


def note(sent: int) -> None:
    """
    A round has ended. One short line in one write, so that many processes may note theirs at once.
    """
    os.write(_file(), f"{sent}\n".encode())


def lines() -> list[str]:
    """
    All that was noted so far.
    """
    return _path().read_text().splitlines() if _path().exists() else []


@cache
def _file() -> int:
    return os.open(_path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _path() -> Path:
    return Path(settings.EMBEDDED_HOME) / "rounds"
