"""
What can be broken about the API, and for how long.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Self


class Mode(StrEnum):
    """
    The ways in which the API can fail a caller.
    """

    RATE_LIMITED = "rate_limited"  # 429 with `Retry-After: seconds`
    SERVER_ERROR = "server_error"  # 500, or another 5xx by `status`
    SLOW = "slow"  # waits `seconds`, then answers
    HANG_UP = "hang_up"  # closes the connection without a word
    HTML = "html"  # a page of a proxy's where JSON is due, with status 502


class ImpossibleFaultError(ValueError):
    """
    The API cannot break in this way.
    """


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    One way of failing: `times` (None: until mended), after `after` requests that pass, on paths like `path`.
    """

    mode: Mode
    times: int | None = None
    after: int = 0
    path: str = "*"
    seconds: float = 1.0
    status: int = 500

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """
        Read a fault as the control API takes it.
        """
        try:
            return cls(**{**document, "mode": Mode(document["mode"])})
        except (TypeError, KeyError, ValueError) as error:
            raise ImpossibleFaultError(f"{document!r} is no fault: {error}") from error


class StandingFault:
    """
    A fault in force, and how often it has struck.
    """

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.passed = 0
        self.struck = 0

    def strikes(self, path: str) -> bool:
        """
        Decide about one request, and count it.
        """
        if not fnmatchcase(path, self.fault.path):
            return False
        if self.passed < self.fault.after:
            self.passed += 1
            return False
        if self.fault.times is not None and self.struck >= self.fault.times:
            return False
        self.struck += 1
        return True

    def as_document(self) -> dict[str, Any]:
        """
        Show the fault and how often it has struck.
        """
        return {**asdict(self.fault), "struck": self.struck}
