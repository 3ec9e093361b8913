"""
The board on which the faults in force are listed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from devtools.mailbox.faults import Fault, Phase


class FaultInForce:
    """
    A fault on the board, with its own dice and the count of how often it struck.
    """

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.struck = 0
        self._dice = Random(fault.seed)

    def strikes(self, *, phase: Phase, recipients: Sequence[str]) -> bool:
        """
        Does it strike here and now? Counts it if so.
        """
        if self.is_used_up or phase != self.fault.phase or not self._meets(recipients):
            return False
        if self._dice.random() >= self.fault.probability:
            return False
        self.struck += 1
        return True

    @property
    def is_used_up(self) -> bool:
        return self.fault.times is not None and self.struck >= self.fault.times

    def _meets(self, recipients: Sequence[str]) -> bool:
        if self.fault.recipient is None:
            return True
        pattern = self.fault.recipient.lower()
        return any(fnmatchcase(recipient.lower(), pattern) for recipient in recipients)


@dataclass(frozen=True, kw_only=True)
class Strike:
    """
    A fault that happens in one conversation, and the mending that will end it should it hang.
    """

    fault: Fault
    mended: asyncio.Event


class FaultBoard:
    """
    The faults in force, oldest first: the first one that strikes is the one that happens. Those that last come before
    all others and cannot be mended. Used on one event loop only.
    """

    def __init__(self, lasting: Sequence[Fault] = ()) -> None:
        self._lasting = lasting
        self._in_force = [FaultInForce(fault) for fault in lasting]
        self._mended = asyncio.Event()

    def put(self, fault: Fault) -> None:
        """
        Put one more fault in force.
        """
        self._in_force.append(FaultInForce(fault))

    def mend(self) -> None:
        """
        Take all faults away but those that last; conversations that hang go on as if nothing had happened.
        """
        self._in_force = [FaultInForce(fault) for fault in self._lasting]
        self._mended.set()
        self._mended = asyncio.Event()

    def strike(self, *, phase: Phase, recipients: Sequence[str] = ()) -> Strike | None:
        """
        Tell which fault happens at this phase, if any.
        """
        for candidate in self._in_force:
            if candidate.strikes(phase=phase, recipients=recipients):
                return Strike(fault=candidate.fault, mended=self._mended)
        return None

    def listing(self) -> list[dict[str, Any]]:
        """
        Tell what is in force and how often each one struck.
        """
        return [{**asdict(entry.fault), "struck": entry.struck} for entry in self._in_force]
