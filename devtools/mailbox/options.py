"""
How a mailbox is set up.
"""

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path


class NotLoopback(ValueError):
    """
    A mailbox takes letters from this machine only. Use 127.0.0.1, ::1 or localhost.
    """


class HalfALogin(ValueError):
    """
    A login is a user and a password: give both or neither.
    """


@dataclass(frozen=True, kw_only=True)
class MailboxOptions:
    """
    Where the mailbox lives and what it asks of its clients. Port 0 means: the one used last time, else any free one.

    With a certificate it offers STARTTLS. With user and password it demands AUTH, and then only after STARTTLS
    if there is a certificate. Recipients that match one of `refused` (`*@gone.example`) get a 550, whatever is mended.
    """

    home: Path
    host: str = "127.0.0.1"
    smtp_port: int = 0
    http_port: int = 0
    certificate: Path | None = None
    key: Path | None = None
    user: str | None = None
    password: str | None = None
    refused: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not is_loopback(self.host):
            raise NotLoopback(f"{self.host!r} is not this machine. Use 127.0.0.1, ::1 or localhost.")
        if (self.user is None) != (self.password is None):
            raise HalfALogin("Give both a user and a password, or neither.")

    @property
    def asks_for_login(self) -> bool:
        """
        Must a client say who it is?
        """
        return self.user is not None

    def tls_context(self) -> ssl.SSLContext | None:
        """
        Load the certificate, if there is one.
        """
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def is_loopback(host: str) -> bool:
    """
    Is this a name or number of this very machine?
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
