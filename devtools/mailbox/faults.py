"""
What can be broken on purpose in the SMTP conversation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TypeVar

Choice = TypeVar("Choice", bound=StrEnum)


class Phase(StrEnum):
    """
    Where in the SMTP conversation a fault strikes.
    """

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    AFTER_DATA = "after_data"


class Mode(StrEnum):
    """
    What goes wrong there.
    """

    REFUSE_TEMPORARILY = "refuse_temporarily"
    REFUSE_PERMANENTLY = "refuse_permanently"
    HANG = "hang"
    DROP = "drop"
    SLOW = "slow"


USUAL_CODES = {Mode.REFUSE_TEMPORARILY: 451, Mode.REFUSE_PERMANENTLY: 550}
CODE_FAMILIES = {Mode.REFUSE_TEMPORARILY: range(400, 500), Mode.REFUSE_PERMANENTLY: range(500, 600)}
RECIPIENT_KNOWN = (Phase.RCPT, Phase.DATA, Phase.AFTER_DATA)


class BadFault(ValueError):
    """
    A fault that cannot be put in force; the sentence tells what to write instead.
    """


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    One thing to go wrong: `times` times, or until mended when `times` is None.

    `recipient` is a pattern such as `*@slow.example`; `seconds` belongs to `slow`; `code` to the two refusals.
    `keep` belongs to hang, drop and slow after the final dot: True keeps the message first (the unknown outcome),
    False lets the trouble come before it is kept.
    """

    mode: Mode
    phase: Phase
    times: int | None = None
    recipient: str | None = None
    probability: float = 1.0
    seed: int = 0
    code: int | None = None
    seconds: float = 1.0
    keep: bool = True

    def __post_init__(self) -> None:
        if self.times is not None and self.times < 1:
            raise BadFault(
                f"times is {self.times}. Write 1 or more, or leave it out: then it lasts until mended."
            )
        if not 0 < self.probability <= 1:
            raise BadFault(f"probability is {self.probability}. Write a number above 0 and up to 1.")
        if self.recipient is not None and self.phase not in RECIPIENT_KNOWN:
            raise BadFault(
                f"At {self.phase} nobody knows the recipient. Use one of: {', '.join(RECIPIENT_KNOWN)}."
            )
        if self.code is not None and self.code not in CODE_FAMILIES.get(self.mode, ()):
            raise BadFault(
                f"{self.mode} cannot answer {self.code}. Leave the code out, or use 4xx or 5xx as it says."
            )

    @classmethod
    def of(cls, wish: object) -> "Fault":
        """
        Read a fault from JSON, and say what is wrong with it.
        """
        if not isinstance(wish, Mapping):
            raise BadFault('A fault is an object such as {"mode": "hang", "phase": "data"}.')
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(wish) - set(known))
        if unknown:
            raise BadFault(f"Unknown: {', '.join(unknown)}. A fault has: {', '.join(known)}.")
        named = {**wish, "mode": choice(Mode, wish.get("mode")), "phase": choice(Phase, wish.get("phase"))}
        try:
            return cls(**named)
        except TypeError as wrong:
            raise BadFault(f"A value has the wrong type: {wrong}.") from wrong

    @property
    def keeps_first(self) -> bool:
        """
        Is the message kept before the trouble?
        """
        return self.keep and self.mode in (Mode.HANG, Mode.DROP, Mode.SLOW)

    @property
    def reply(self) -> str:
        """
        The line with which the two refusals answer.
        """
        code = self.code or USUAL_CODES.get(self.mode, 451)
        return f"{code} {code // 100}.3.0 Broken on purpose ({self.phase})"


def choice(choices: type[Choice], value: object) -> Choice:
    try:
        return choices(str(value))
    except ValueError as wrong:
        raise BadFault(
            f"{choices.__name__} {value!r} is unknown. Use one of: {', '.join(choices)}."
        ) from wrong
