"""
What development runs on when nothing is configured: the embedded servers, our mailbox and our till.

Reading an address or a secret starts nothing; the first connection does.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

from embedded import Companion, EmbeddedServersFailed, Servers
from rms_backend.environment import ROOT

STARTUP_SECONDS = 30
# The till's own ids of the demo restaurant and of the show's.
TILL_LOCATIONS = ("--location", "LROMA=USD", "--location", "LPIZZA=USD")


@cache
def servers(home: Path) -> Servers:
    """
    The embedded servers below `home`, with the mailbox and the till beside them.
    """
    secret("till_token", home=home)  # the till reads it from its file
    till = ("--home", "{home}/till", "--token-file", "{home}/secrets/till_token", *TILL_LOCATIONS)
    return Servers(
        home,
        companions=(
            _companion("mailbox", "--home", "{home}/mailbox"),
            _companion("till", *till),
        ),
    )


def secret(name: str, *, home: Path) -> str:
    """
    A random secret of this checkout, the same for all its processes.
    """
    return Servers(home).addresses().secret(name)


def database(*, home: Path) -> dict[str, object]:
    """
    Django's description of the embedded PostgreSQL.
    """
    at = Servers(home).addresses()
    return {
        "ENGINE": "rms_backend.embedded_postgresql",
        "NAME": at.postgres_database,
        "USER": at.postgres_user,
        "PASSWORD": at.postgres_password,
        "HOST": at.postgres_host,
        "PORT": str(at.postgres_port),
    }


def broker_url(*, home: Path) -> str:
    """
    Where the embedded Valkey listens.
    """
    return Servers(home).addresses().broker_url


def till_url(home: Path) -> str:
    """
    Where our till answers; waits for it to be up.
    """
    servers(home).ensure_running()
    return str(_told(home / "till" / "till.json")["url"])


def mailbox(home: Path) -> dict[str, Any]:
    """
    Where our mailbox takes mail (smtp_host, smtp_port) and shows it (url); waits for it to be up.
    """
    servers(home).ensure_running()
    return _told(home / "mailbox" / "mailbox.json")


class MailboxBackend(EmailBackend):
    """
    Django's SMTP backend, pointed at our mailbox, whose port is known only once it runs.
    """

    def open(self) -> bool | None:
        if self.connection is None:
            from django.conf import settings  # noqa: PLC0415 - settings import this module

            at = mailbox(settings.EMBEDDED_HOME)
            self.host, self.port = at["smtp_host"], at["smtp_port"]
            self.use_tls = False
        return super().open()


def _companion(name: str, *arguments: str) -> Companion:
    return Companion(name=name, argv=(sys.executable, "-m", f"devtools.{name}", *arguments), directory=ROOT)


def _told(path: Path) -> dict[str, Any]:
    """
    What a companion wrote about itself, once it has.
    """
    found = _eventually(lambda: json.loads(path.read_text()) if path.is_file() else None)
    if found is None:
        raise EmbeddedServersFailed(
            f"{path.stem} did not start; see the logs in {path.parent.parent / 'logs'}."
        )
    return dict(found)


def _eventually(ask: Callable[[], Any]) -> Any:
    give_up_at = time.monotonic() + STARTUP_SECONDS
    while (answer := ask()) is None and time.monotonic() < give_up_at:
        time.sleep(0.05)
    return answer
