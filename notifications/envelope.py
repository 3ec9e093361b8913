"""
A letter as it goes over the line to the mail server.
"""

import re
import uuid
from dataclasses import dataclass, field
from email.generator import BytesGenerator
from email.policy import Compat32
from email.utils import parseaddr
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address

from notifications.failures import NotAnAddress


class ShortHeadersAsTheyAre(Compat32):
    """
    Python's usual way to write a letter, which takes longest over headers that need no folding: these it leaves alone.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        if isinstance(value, str) and value.isascii() and value.isprintable():
            line = f"{name}: {value}{self.linesep}"
            if len(line) <= LONGEST_LINE:
                return line.encode("ascii")
        folded: bytes = super().fold_binary(name, value)
        return folded


LONGEST_LINE = 78
POLICY = ShortHeadersAsTheyAre(linesep="\r\n", max_line_length=LONGEST_LINE)


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
        mime = message.message()
        if mime.is_multipart() and mime.get_boundary() is None:
            # Python's own choice searches the whole letter for it, which takes longer than all the rest.
            mime.set_boundary(f"=={uuid.uuid4().hex}==")
        written = BytesIO()
        BytesGenerator(written, mangle_from_=False, policy=POLICY).flatten(mime)
        content = written.getvalue()
        ended = content if content.endswith(b"\r\n") else content + b"\r\n"
        return cls(
            sender=_bare(message.from_email),
            recipients=recipients,
            body=re.sub(rb"(?m)^\.", b"..", ended) + b".\r\n",
        )


# A bare address of plain characters says for itself what parsing it would come to.
PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


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
    bare = parseaddr(address)[1]
    return bare if PLAIN.fullmatch(bare) else sanitize_address(bare, settings.DEFAULT_CHARSET)
