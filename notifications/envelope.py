"""
A letter as it goes over the line to the mail server.
"""

import re
from dataclasses import dataclass, field
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address

from notifications.failures import NotAnAddress


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """
    From whom, to whom, and the folded letter.
    """

    sender: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, message: EmailMessage) -> "Envelope":
        """
        Fold the letter: lines end with CRLF, a dot at the start of a line is doubled (RFC 5321, 4.5.2).
        """
        recipients = tuple(_recipient(address) for address in message.recipients())
        content = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg] # Django adds linesep
        ended = content if content.endswith(b"\r\n") else content + b"\r\n"
        return cls(
            sender=_bare(message.from_email),
            recipients=recipients,
            body=re.sub(rb"(?m)^\.", b"..", ended) + b".\r\n",
        )


def _recipient(address: str) -> str:
    try:
        return _bare(address)
    except ValueError:
        # Django's own text repeats the address.
        raise NotAnAddress("The mail server could not be told this address: it is none.") from None


def _bare(address: str) -> str:
    """
    The address without a name beside it, its domain in ASCII.
    """
    return sanitize_address(parseaddr(address)[1], settings.DEFAULT_CHARSET)
