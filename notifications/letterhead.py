"""
What stands on every letter: from whom, its Message-ID, its headers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives

from notifications.contact import is_address
from notifications.wording import one_line
from orders.models import Order

# What fits into one encoded word (RFC 2047); clients show the pieces of a longer name with gaps.
LONGEST_NAME_BYTES = 45
LONGEST_ASCII_NAME = 78


@dataclass(frozen=True, kw_only=True)
class Letterhead:
    """
    Who writes, and under which reference: the same reference for each attempt, so that a second copy can be told.
    """

    restaurant: str
    reference: str
    reply_to: str = field(default="", repr=False)

    @classmethod
    def of(cls, order: Order, *, kind: str, reply_to: str = "") -> "Letterhead":
        """
        The letterhead of one kind of letter about an order.
        """
        reference = f"order-{order.public_id}.{kind}"
        return cls(restaurant=one_line(order.restaurant.name), reference=reference, reply_to=reply_to)

    @property
    def message_id(self) -> str:
        return f"<{self.reference}@{_domain()}>"

    def letter(self, *, to: Sequence[str], subject: str, text: str, html: str) -> EmailMultiAlternatives:
        """
        A letter with a text and an HTML part.
        """
        message = EmailMultiAlternatives(
            subject=one_line(subject),
            body=text,
            from_email=formataddr((_short(self.restaurant), _our_address())),
            to=list(to),
            reply_to=[self.reply_to] if is_address(self.reply_to) else None,
            headers={
                "Message-ID": self.message_id,
                "X-Entity-Ref-ID": self.reference,
                "Auto-Submitted": "auto-generated",
            },
        )
        message.attach_alternative(html, "text/html")
        return message


def _our_address() -> str:
    return _address_in(settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=8)  # every letter asks several times
def _address_in(sender: str) -> str:
    address = parseaddr(sender)[1]
    if "@" not in address:
        raise ImproperlyConfigured(
            "DEFAULT_FROM_EMAIL is no e-mail address. Write one like orders@example.com."
        )
    return address


def _domain() -> str:
    return _our_address().rpartition("@")[2].encode("idna").decode("ascii")


def _short(name: str) -> str:
    if name.isascii():
        return name[:LONGEST_ASCII_NAME]
    return name.encode()[:LONGEST_NAME_BYTES].decode(errors="ignore")
