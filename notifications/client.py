"""
The one place that talks to a mail server.

With Django's SMTP backend (or a kin of it) each sending thread keeps one line open and reuses it from letter to letter;
any other backend gets the letter as Django would give it.
"""

import os
import threading
import time
from dataclasses import dataclass, field

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import BadHeaderError

from notifications.envelope import Envelope
from notifications.failures import ImpossibleLetter, MailBackendFailed, MailServerLetsNobodyIn
from notifications.smtp_line import Line
from pipeline.journal import without_secrets

_kept = threading.local()
# Which server lets nobody in, with which login: until when we do not ask again, and why.
_refused: dict[tuple[object, ...], tuple[float, str]] = {}


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """
    A letter as our mail system takes it: folded already for SMTP.
    """

    backend: BaseEmailBackend
    message: EmailMessage = field(repr=False)
    envelope: Envelope | None


def seal(message: EmailMessage) -> Sealed:
    """
    Do all that can be done for a letter before anybody is called.
    """
    backend = get_connection()
    try:
        envelope = Envelope.of(message) if isinstance(backend, EmailBackend) else None
    except BadHeaderError:
        raise _impossible() from None
    return Sealed(backend=backend, message=message, envelope=envelope)


def hand_over(letter: Sealed) -> int:
    """
    Send one letter; returns how many of its recipients the mail server refused while it took the others.
    """
    if isinstance(letter.backend, EmailBackend) and letter.envelope is not None:
        return _carry(letter.backend, letter.envelope)
    try:
        return _hand_to(letter.backend, letter.message)
    except BadHeaderError:
        raise _impossible() from None


def send(message: EmailMessage) -> int:
    """
    Both in one.
    """
    return hand_over(seal(message))


def hang_up() -> None:
    """
    Close the line that this thread keeps, if it keeps one.
    """
    kept: Line | None = getattr(_kept, "line", None)
    if kept is not None:
        kept.cut()
        _kept.line = None


def _carry(backend: EmailBackend, envelope: Envelope) -> int:
    """
    Carry it, unless the server has just refused us: a hundred wrong logins in a row would lock the account.
    """
    target = _target(backend)
    until, because = _refused.get(target, (0.0, ""))
    if (left := until - time.monotonic()) > 0:
        raise MailServerLetsNobodyIn(because, seconds=left)
    try:
        return _line_to(backend).carry(envelope)
    except MailServerLetsNobodyIn as wrong:
        _refused[target] = (time.monotonic() + wrong.seconds, str(wrong))
        raise


def _line_to(backend: EmailBackend) -> Line:
    """
    The line of this thread, or a new one where the settings have changed or the process is a fork of its owner.
    """
    if getattr(_kept, "line", None) is None or _kept.leads_to != _target(backend):
        hang_up()
        _kept.line, _kept.leads_to = Line(backend), _target(backend)
    line: Line = _kept.line
    return line


def _target(backend: EmailBackend) -> tuple[object, ...]:
    login = (backend.username, backend.password, backend.use_tls, backend.use_ssl)
    return (os.getpid(), type(backend), backend.host, backend.port, *login)


def _impossible() -> ImpossibleLetter:
    # Django's own text repeats the header, and with it a name or an address.
    return ImpossibleLetter("A header of the letter would hold a line break.")


def _hand_to(backend: BaseEmailBackend, message: EmailMessage) -> int:
    try:
        taken = backend.send_messages([message])
    except BadHeaderError:
        raise
    except Exception as trouble:  # noqa: BLE001 - a backend of somebody else's may raise anything
        told = without_secrets(f"{type(trouble).__name__}: {trouble}")
        raise MailBackendFailed(told) from None  # the original may name the guest's address
    if not taken:
        raise MailBackendFailed(f"{type(backend).__name__} took no letter.")
    return 0
