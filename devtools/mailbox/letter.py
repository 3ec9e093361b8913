"""
What is in the mailbox: one accepted message, as raw bytes and as a person reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Letter:
    """
    One message that was accepted. Two letters may carry the same Message-ID: the mailbox tells what came, twice if twice.
    """

    id: int
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    raw: bytes
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """
    One message on its way to the shelf.
    """

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    raw: bytes
    received_at: datetime

    @classmethod
    def of(cls, *, sender: str, recipients: tuple[str, ...], raw: bytes) -> "Arrival":
        """
        Read the two headers the shelf is searched by.
        """
        headers = BytesHeaderParser().parsebytes(raw)
        return cls(
            message_id=one_line(headers["Message-ID"]),
            sender=writable(sender),
            recipients=tuple(writable(recipient) for recipient in recipients),
            subject=decoded(headers["Subject"]),
            raw=raw,
            received_at=datetime.now(UTC),
        )


def letter_from_row(row: Mapping[str, Any], *, recipients: tuple[str, ...]) -> Letter:
    """
    Unfold a kept row into a letter.
    """
    message = message_from_bytes(row["raw"])
    return Letter(
        id=row["id"],
        message_id=row["message_id"],
        sender=row["mail_from"],
        recipients=recipients,
        subject=row["subject"],
        text=first_part(message, "text/plain"),
        html=first_part(message, "text/html"),
        raw=row["raw"],
        received_at=datetime.fromisoformat(row["received_at"]),
    )


def headers_of(raw: bytes) -> list[tuple[str, str]]:
    """
    List the headers in their order, decoded for reading.
    """
    return [(name, decoded(value)) for name, value in BytesHeaderParser().parsebytes(raw).items()]


def first_part(message: Message, content_type: str) -> str:
    """
    Find the first part of this type that is not an attachment; empty if there is none.
    """
    for part in message.walk():
        if part.get_content_type() == content_type and part.get_content_disposition() != "attachment":
            return decoded_body(part)
    return ""


def decoded_body(part: Message) -> str:
    body = part.get_payload(decode=True)
    if not isinstance(body, bytes):
        return ""
    try:
        return body.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:  # a charset nobody knows
        return body.decode("utf-8", errors="replace")


def decoded(header: object) -> str:
    # A mailbox takes whatever comes: a header that cannot be decoded is shown as it was sent.
    plain = one_line(header)
    try:
        return writable(str(make_header(decode_header(plain))))
    except (HeaderParseError, LookupError, ValueError):
        return plain


def one_line(header: object) -> str:
    return "" if header is None else writable(" ".join(str(header).split()))


def writable(text: str) -> str:
    # Bytes that are no UTF-8 arrive as lone surrogates, which SQLite refuses.
    return text.encode("utf-8", errors="replace").decode("utf-8")
