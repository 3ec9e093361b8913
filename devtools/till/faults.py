"""
What can be broken about the till, and for how long.
"""

import difflib
import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Self

from devtools.till.documents import Document


class Mode(StrEnum):
    """The ways in which the till can fail a caller."""

    FAIL_BEFORE_EFFECT = (
        "fail_before_effect"  # nothing kept; the connection closes, or an error with `status`
    )
    FAIL_AFTER_EFFECT = "fail_after_effect"  # kept, and then the connection closes without an answer
    HANG = "hang"  # never answers; with `effect` it has kept the request before
    SLOW = "slow"  # waits `seconds`, then does its work, even when the caller has given up meanwhile
    RATE_LIMITED = "rate_limited"  # 429 with `Retry-After: seconds`
    SERVER_ERROR = "server_error"  # 500, or another 5xx by `status`
    HTML = "html"  # a page of HTML where JSON is due, with `status` 502 or 200
    REFUSE = "refuse"  # 400, or another 4xx by `status`: for good


STATUSES: dict[Mode, tuple[int | None, ...]] = {  # the first is the default
    Mode.FAIL_BEFORE_EFFECT: (None, 500, 502, 503, 504),
    Mode.FAIL_AFTER_EFFECT: (None,),
    Mode.HANG: (None,),
    Mode.SLOW: (None,),
    Mode.RATE_LIMITED: (429,),
    Mode.SERVER_ERROR: (500, 501, 502, 503, 504),
    Mode.HTML: (502, 200),
    Mode.REFUSE: (400, 401, 403, 404, 408, 409, 410, 422),
}
SECONDS = {Mode.SLOW: 1.0, Mode.RATE_LIMITED: 1.0}
LONGEST_WAIT_SECONDS = 600


class ImpossibleFaultError(ValueError):
    """
    The till cannot break in this way.
    """


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    One way of failing, for the requests that match.

    `times` is how often it strikes (None: until it is mended); `probability` (with `seed`) lets some matching
    requests pass; `path` may hold `*`; `method` is one of HTTP's; `reference_id` singles one order out, its payment and its look-up too.
    """

    mode: Mode
    times: int | None = None
    probability: float = 1.0
    seed: int | None = None
    path: str | None = None
    method: str | None = None
    reference_id: str | None = None
    status: int | None = None
    seconds: float | None = None
    effect: bool = False

    def __post_init__(self) -> None:
        for complaint in self._complaints():
            raise ImpossibleFaultError(complaint)

    # Factories

    @classmethod
    def from_document(cls, document: object) -> Self:
        """Read a fault as the control API takes it, and name the remedy where it cannot."""
        if not isinstance(document, dict):
            raise ImpossibleFaultError("A fault is an object, for example {'mode': 'hang'}.")
        for name in document:
            _check_name(name, (field.name for field in fields(cls)), kind="field")
        mode = str(document.get("mode", ""))
        _check_name(mode, list(Mode), kind="mode")
        return cls(**{**document, "mode": Mode(mode)})

    # Questions

    @property
    def answer_status(self) -> int | None:
        """The status it answers with, or None where it does not answer."""
        return STATUSES[self.mode][0] if self.status is None else self.status

    @property
    def wait_seconds(self) -> float:
        """How long `slow` waits and what `Retry-After` says."""
        return SECONDS.get(self.mode, 0.0) if self.seconds is None else self.seconds

    def concerns(self, *, method: str, path: str, reference_id: str | None) -> bool:
        """Does the fault apply to a request of this kind and for this order?"""
        right_path = self.path is None or fnmatchcase(path, self.path)
        return right_path and self.method in (None, method) and self.reference_id in (None, reference_id)

    def _complaints(self) -> Iterable[str]:
        if self.times is not None and not (_is_whole(self.times) and self.times > 0):
            yield f"times is {self.times!r}. Write a whole number above 0, or null for 'until mended'."
        if not (_is_number(self.probability) and 0 <= self.probability <= 1):
            yield f"probability is {self.probability!r}. Write a number from 0 to 1."
        if self.seed is not None and not _is_whole(self.seed):
            yield f"seed is {self.seed!r}. Write a whole number."
        if self.status is not None and self.status not in STATUSES[self.mode]:
            yield f"{self.mode} cannot answer with status {self.status!r}. Choose from {STATUSES[self.mode]}."
        if self.seconds is not None and not self._is_wait(self.seconds):
            yield f"seconds is {self.seconds!r}. Only slow (any) and rate_limited (whole) take them, up to 600."
        if self.effect and self.mode is not Mode.HANG:
            yield "Only hang takes effect: the other modes say by their names whether the request is kept."
        for name in ("path", "method", "reference_id"):
            if not isinstance(getattr(self, name), str | None):
                yield f"{name} is {getattr(self, name)!r}. Write a text, or null for 'any'."

    def _is_wait(self, seconds: float) -> bool:
        fits = _is_number(seconds) and 0 <= seconds <= LONGEST_WAIT_SECONDS and self.mode in SECONDS
        return fits and (self.mode is Mode.SLOW or seconds == int(seconds))


class StandingFault:
    """A fault in force: how often it has struck, and its own dice."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.struck = 0
        self.dice = random.Random(fault.seed)

    def strikes(self, *, method: str, path: str, reference_id: str | None) -> bool:
        """Decide about one request, and count it if it is struck."""
        spent = self.fault.times is not None and self.struck >= self.fault.times
        if spent or not self.fault.concerns(method=method, path=path, reference_id=reference_id):
            return False
        if self.dice.random() >= self.fault.probability:
            return False
        self.struck += 1
        return True

    def as_document(self) -> Document:
        """Show the fault and how often it has struck."""
        return {**asdict(self.fault), "struck": self.struck}


class Faults:
    """All faults in force, in the order in which they are asked; the first that strikes wins."""

    def __init__(self) -> None:
        self.standing: list[StandingFault] = []

    def set(self, faults: Iterable[Fault]) -> None:
        """Put these faults in place of all others."""
        self.standing = [StandingFault(fault) for fault in faults]

    def add(self, faults: Iterable[Fault]) -> None:
        """Put these faults behind those in force."""
        self.standing += [StandingFault(fault) for fault in faults]

    def clear(self) -> None:
        """Mend everything."""
        self.standing = []

    def strike(self, *, method: str, path: str, reference_id: str | None) -> Fault | None:
        """Give the fault that this request has to suffer, if any."""
        for standing in self.standing:
            if standing.strikes(method=method, path=path, reference_id=reference_id):
                return standing.fault
        return None


def _check_name(name: str, known: Iterable[str], *, kind: str) -> None:
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(names)}."
        raise ImpossibleFaultError(f"There is no {kind} {name!r}. {hint}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
