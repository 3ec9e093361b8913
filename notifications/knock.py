"""
Knocking at the mail server: reach it, agree on TLS, log in, and hang up. No letter is sent.
"""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from email.utils import parseaddr
from enum import StrEnum

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from notifications.smtp_line import YES, Line
from notifications.smtp_replies import NOT_THE_LETTERS_FAULT, told


class Door(StrEnum):
    """
    Why the mail server does not let us in.
    """

    NO_SUCH_HOST = "no such host"
    REFUSED = "refused"
    SILENT = "silent"
    CERTIFICATE = "certificate"
    TLS = "tls"
    NO_STARTTLS = "no STARTTLS"
    NO_LOGIN = "no login"
    LOGIN = "login"
    TURNED_AWAY = "turned away"
    OTHER = "other"


class NotLetIn(Exception):
    """
    The mail server does not let us in; `door` says at which step.
    """

    def __init__(self, text: str, *, door: Door, address: str) -> None:
        super().__init__(text)
        self.door = door
        self.address = address


@dataclass(frozen=True, kw_only=True)
class LetIn:
    """
    The mail server let us in, and how.
    """

    address: str
    encrypted: bool
    logged_in: bool


# The first row that fits decides: kinds of error, words in it.
SIGNS: tuple[tuple[Door, tuple[type[Exception], ...], str], ...] = (
    (Door.NO_SUCH_HOST, (socket.gaierror,), ""),
    (Door.CERTIFICATE, (ssl.SSLCertVerificationError,), ""),
    (Door.SILENT, (TimeoutError,), ""),
    (Door.SILENT, (smtplib.SMTPServerDisconnected,), "timed out"),  # what smtplib makes of a silence
    (Door.TLS, (ssl.SSLError,), ""),
    (Door.REFUSED, (ConnectionRefusedError,), ""),
    (Door.LOGIN, (smtplib.SMTPAuthenticationError,), ""),
    (Door.NO_STARTTLS, (smtplib.SMTPNotSupportedError,), "STARTTLS"),
    (Door.NO_LOGIN, (smtplib.SMTPNotSupportedError,), "AUTH"),
    (Door.TURNED_AWAY, (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected), ""),
)


def knock(*, within_seconds: float) -> LetIn | None:
    """
    Knock, and say how we were let in; None where the mail backend is not SMTP. Raises NotLetIn.
    """
    backend = get_connection()
    if not isinstance(backend, EmailBackend):
        return None
    backend.timeout = within_seconds
    try:
        backend.open()
        _name_sender(backend)
        return LetIn(
            address=_address(backend),
            encrypted=bool(backend.use_tls or backend.use_ssl),
            logged_in=bool(backend.username and backend.password),
        )
    except (OSError, smtplib.SMTPException) as trouble:
        raise NotLetIn(told(trouble), door=_door(trouble), address=_address(backend)) from trouble
    finally:
        Line(backend).cut()


def _name_sender(backend: EmailBackend) -> None:
    """
    What every letter begins with, taken back at once: a server that wants a login, or another sender, says so here.
    """
    smtp = backend.connection
    assert smtp is not None  # noqa: S101 - told to mypy; open() raises otherwise
    smtp.ehlo_or_helo_if_needed()
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    code, reply = smtp.mail(sender)
    if code in NOT_THE_LETTERS_FAULT:
        raise smtplib.SMTPAuthenticationError(code, reply)
    if code // 100 != YES:
        raise smtplib.SMTPSenderRefused(code, reply, sender)
    smtp.rset()


def _address(backend: EmailBackend) -> str:
    return f"{backend.host}:{backend.port}"


def _door(trouble: Exception) -> Door:
    fitting = (
        door for door, kinds, words in SIGNS if isinstance(trouble, kinds) and re.search(words, str(trouble))
    )
    return next(fitting, Door.OTHER)
