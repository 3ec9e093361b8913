"""
What the tests of this app share: a real mailbox to send to, and a letter to send.
"""

import tempfile
from pathlib import Path
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.test import SimpleTestCase, override_settings

from devtools.mailbox import MailboxClient, running_mailbox
from notifications import client
from pipeline.steps import Attempt

FIRST = Attempt(subject_id=1, order_id=1, number=1)
AGAIN_IN_DOUBT = Attempt(subject_id=1, order_id=1, number=2, outcome_unknown=True)


class CountingBackend(EmailBackend):
    """
    Django's SMTP backend, counting how often it calls the server.
    """

    calls = 0

    def open(self) -> bool | None:
        if self.connection is None:
            CountingBackend.calls += 1
        return super().open()


class WithMailbox(SimpleTestCase):
    """
    A test with a mailbox of its own, to which all mail goes.
    """

    mailbox: MailboxClient

    def setUp(self):
        super().setUp()
        home = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.mailbox = self.enterContext(running_mailbox(home=home))
        self.enterContext(pointed_at(self.mailbox))
        self.addCleanup(client.hang_up)
        CountingBackend.calls = 0


def pointed_at(mailbox: MailboxClient, **changes: object) -> override_settings:
    """
    The settings of a mail system that sends to this mailbox.
    """
    return override_settings(
        **{
            "EMAIL_BACKEND": "notifications.tests.posting.CountingBackend",
            "EMAIL_HOST": mailbox.smtp_host,
            "EMAIL_PORT": mailbox.smtp_port,
            "EMAIL_USE_TLS": False,
            "EMAIL_HOST_USER": "",
            "EMAIL_HOST_PASSWORD": "",
            "EMAIL_TIMEOUT": 5,
            "DEFAULT_FROM_EMAIL": "noreply@orders.example",
            **changes,
        }
    )


def a_letter(*to: str, **changes: object) -> EmailMultiAlternatives:
    """
    A small letter.
    """
    values: dict[str, Any] = {
        "subject": "Hello",
        "body": "How are you?",
        "from_email": "Shop <shop@orders.example>",
        "to": list(to or ["guest@example.com"]),
        "headers": {"Message-ID": "<letter-1@orders.example>"},
    }
    return EmailMultiAlternatives(**{**values, **changes})
