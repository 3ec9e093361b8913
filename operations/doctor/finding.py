"""
What an examination found.
"""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """
    How serious it is. Only a problem makes the doctor's answer a no.
    """

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """
    One sentence about one subject, and what to do about it.
    """

    level: Level
    subject: str
    said: str
    remedy: str = ""


class Unreachable(Exception):
    """
    Nothing answers there, so no further question of this kind makes sense; carries the finding that says why.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.said)
        self.finding = finding


def ok(subject: str, said: str) -> Finding:
    return Finding(level=Level.OK, subject=subject, said=said)


def note(subject: str, said: str, remedy: str = "") -> Finding:
    return Finding(level=Level.NOTE, subject=subject, said=said, remedy=remedy)


def warning(subject: str, said: str, remedy: str) -> Finding:
    return Finding(level=Level.WARNING, subject=subject, said=said, remedy=remedy)


def problem(subject: str, said: str, remedy: str) -> Finding:
    return Finding(level=Level.PROBLEM, subject=subject, said=said, remedy=remedy)
