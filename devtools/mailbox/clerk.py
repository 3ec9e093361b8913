"""
Decides about senders, recipients and letters, and lets the faults happen.
"""

import asyncio
import sqlite3
from typing import Any, Protocol

from aiosmtpd.smtp import MISSING, Envelope, Session

from devtools.mailbox.archivist import Archivist
from devtools.mailbox.fault_board import FaultBoard, Strike
from devtools.mailbox.faults import Mode, Phase
from devtools.mailbox.letter import Arrival


class Line(Protocol):
    """
    The client's line, as far as a clerk handles it.
    """

    def cut(self) -> None:
        """
        Cut the line: nothing more is sent.
        """


class Clerk:
    """
    Decides about senders, recipients and letters in all conversations of one mailbox.
    """

    def __init__(self, *, archivist: Archivist, faults: FaultBoard) -> None:
        self._archivist = archivist
        self._faults = faults

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, line: Line, _session: Session, _envelope: Envelope, _address: str, _options: list[str]
    ) -> Any:
        """
        Accept the sender, unless a fault strikes.
        """
        refusal = await self.meet_faults(line, Phase.MAIL)
        return MISSING if refusal is None else refusal

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, line: Line, _session: Session, _envelope: Envelope, address: str, _options: list[str]
    ) -> Any:
        """
        Accept the recipient, unless a fault strikes.
        """
        refusal = await self.meet_faults(line, Phase.RCPT, [address])
        return MISSING if refusal is None else refusal

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, line: Line, _session: Session, envelope: Envelope
    ) -> str:
        """
        Keep the letter and say so; the trouble, if any, comes before or after the keeping.
        """
        strike = self._faults.strike(phase=Phase.AFTER_DATA, recipients=envelope.rcpt_tos)
        if strike is None:
            return await self._keep(envelope)
        if strike.fault.keeps_first:
            answer = await self._keep(envelope)
            await carry_out(strike, line)
            return answer
        refusal = await carry_out(strike, line)
        return refusal or await self._keep(envelope)

    async def meet_faults(self, line: Line, phase: Phase, recipients: list[str] | None = None) -> str | None:
        """
        Let a fault happen if one strikes here: the refusal to answer with, or None to go on.
        """
        strike = self._faults.strike(phase=phase, recipients=recipients or [])
        return None if strike is None else await carry_out(strike, line)

    async def _keep(self, envelope: Envelope) -> str:
        arrival = Arrival.of(
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            raw=envelope.original_content or b"",
        )
        try:
            await self._archivist.keep(arrival)
        except sqlite3.Error as error:
            return f"452 4.3.1 The letter could not be kept: {type(error).__name__}"
        return "250 2.0.0 Kept"


async def carry_out(strike: Strike, line: Line) -> str | None:
    """
    Let the fault happen: the refusal to answer with, or None to go on. A dropped line never comes back from here.
    """
    match strike.fault.mode:
        case Mode.SLOW:
            await asyncio.sleep(strike.fault.seconds)
        case Mode.HANG:
            await strike.mended.wait()
        case Mode.DROP:
            line.cut()
            await asyncio.Event().wait()  # aiosmtpd ends a conversation whose line is cut
        case Mode.REFUSE_TEMPORARILY | Mode.REFUSE_PERMANENTLY:
            return strike.fault.reply
    return None
