"""
How lines to the mail server are kept, and who else may carry letters.
"""

import os
import tempfile
import threading
from pathlib import Path

from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import SimpleTestCase, override_settings

from devtools.mailbox import running_mailbox
from notifications import client
from notifications.failures import MailBackendFailed, MailServerLetsNobodyIn, MailSettingsWrong
from notifications.tests.posting import CountingBackend, WithMailbox, a_letter, pointed_at
from pipeline.failures import NotNow


class KeptLine(WithMailbox):
    def test_carries_one_letter_after_the_other(self):
        for _ in range(5):
            client.send(a_letter())

        self.assertEqual((self.mailbox.counts().messages, CountingBackend.calls), (5, 1))

    def test_belongs_to_one_thread(self):
        threads = [threading.Thread(target=send_two_and_hang_up) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        self.assertEqual((self.mailbox.counts().messages, CountingBackend.calls), (8, 4))

    def test_is_opened_anew_where_the_server_closed_it_meanwhile(self):
        for mode in ("drop", "refuse_temporarily"):
            with self.subTest(mode=mode):
                client.send(a_letter())
                code = 421 if mode == "refuse_temporarily" else None
                self.mailbox.break_down(mode, phase="mail", times=1, code=code)

                client.send(a_letter())

        self.assertEqual((self.mailbox.counts().messages, CountingBackend.calls), (4, 3))

    @override_settings(EMAIL_TIMEOUT=2)
    def test_is_opened_anew_where_the_server_has_forgotten_it(self):
        client.send(a_letter())
        self.mailbox.break_down("hang", phase="mail", times=1)

        client.send(a_letter())

        self.assertEqual((self.mailbox.counts().messages, CountingBackend.calls), (2, 2))

    def test_survives_a_restart_of_the_server(self):
        home = Path(self.enterContext(tempfile.TemporaryDirectory()))
        with running_mailbox(home=home) as before:
            port = before.smtp_port
            with pointed_at(before):
                client.send(a_letter())
        with running_mailbox(home=home, smtp_port=port) as after, pointed_at(after):
            client.send(a_letter())

            self.assertEqual(after.counts().messages, 2)

    def test_is_not_shared_with_a_forked_process(self):
        client.send(a_letter())
        child = os.fork()
        if child == 0:
            try:
                client.send(a_letter())
                os._exit(0)
            finally:
                os._exit(1)
        _, ended = os.waitpid(child, 0)

        client.send(a_letter())

        self.assertEqual((ended, self.mailbox.counts().messages, CountingBackend.calls), (0, 3, 1))

    def test_ends_where_the_settings_lead_elsewhere(self):
        client.send(a_letter())
        home = Path(self.enterContext(tempfile.TemporaryDirectory()))
        with running_mailbox(home=home) as elsewhere, pointed_at(elsewhere):
            client.send(a_letter())

            self.assertEqual(elsewhere.counts().messages, 1)
        self.assertEqual(self.mailbox.counts().messages, 1)


class Login(SimpleTestCase):
    def setUp(self):
        home = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.mailbox = self.enterContext(running_mailbox(home=home, user="shop", password="open sesame"))
        self.addCleanup(client.hang_up)
        CountingBackend.calls = 0

    def login(self, user, password):
        return pointed_at(self.mailbox, EMAIL_HOST_USER=user, EMAIL_HOST_PASSWORD=password)

    def test_lets_the_right_one_in(self):
        with self.login("shop", "open sesame"):
            client.send(a_letter())

        self.assertEqual(self.mailbox.counts().messages, 1)

    def test_that_is_wrong_buries_nothing(self):
        with (
            self.login("shop", "open barley"),
            self.assertRaisesRegex(
                MailServerLetsNobodyIn, "535.*Correct EMAIL_HOST_USER and EMAIL_HOST_PASSWORD"
            ),
        ):
            client.send(a_letter())

        self.assertTrue(issubclass(MailServerLetsNobodyIn, NotNow))

    def test_that_is_wrong_is_tried_once_a_minute_and_not_with_each_letter(self):
        with self.login("shop", "open barley"):
            for _ in range(20):
                with self.assertRaises(MailServerLetsNobodyIn) as refused:
                    client.send(a_letter())

        self.assertEqual(CountingBackend.calls, 1)
        self.assertLessEqual(refused.exception.seconds, 60)

    def test_that_was_mended_is_used_at_once(self):
        with self.login("shop", "open barley"), self.assertRaises(MailServerLetsNobodyIn):
            client.send(a_letter())
        with self.login("shop", "open sesame"):
            client.send(a_letter())

        self.assertEqual(self.mailbox.counts().messages, 1)

    def test_that_is_missing_buries_nothing(self):
        with self.login("", ""), self.assertRaisesRegex(MailSettingsWrong, "530"):
            client.send(a_letter())


class BodyOnTheLine(WithMailbox):
    def test_arrives_as_it_was_written(self):
        body = (
            ".a dot\n..two dots\nthe end?\n.\nMAIL FROM:<evil@example.com>\n\r\n.\r\nFrom here: ünïcode 寿司"
        )

        client.send(a_letter(body=body))

        (letter,) = self.mailbox.messages()
        self.assertEqual(letter.text.splitlines(), body.splitlines())

    def test_is_addressed_in_ascii_where_the_domain_is_not(self):
        client.send(a_letter("anna@bücher.example"))

        self.assertEqual(self.mailbox.messages()[0].recipients, ("anna@xn--bcher-kva.example",))


class BackendOfSomebodyElse(SimpleTestCase):
    def test_gets_the_letter_as_django_would_give_it(self):
        refused = client.send(a_letter())

        self.assertEqual((refused, len(mail.outbox)), (0, 1))

    def test_that_fails_is_a_temporary_failure_without_addresses(self):
        with override_settings(EMAIL_BACKEND=f"{__name__}.FailingBackend"):
            with self.assertRaises(MailBackendFailed) as failed:
                client.send(a_letter())

            self.assertIn("no such mailbox", str(failed.exception))
            self.assertNotIn("guest@example.com", str(failed.exception))
            self.assertIsNone(failed.exception.__cause__)

    def test_that_takes_nothing_is_a_temporary_failure(self):
        with override_settings(EMAIL_BACKEND=f"{__name__}.LazyBackend"), self.assertRaises(MailBackendFailed):
            client.send(a_letter())


class FailingBackend(BaseEmailBackend):
    def send_messages(self, email_messages):
        raise RuntimeError("no such mailbox: guest@example.com")


class LazyBackend(BaseEmailBackend):
    def send_messages(self, email_messages):
        return 0


def send_two_and_hang_up():
    client.send(a_letter())
    client.send(a_letter())
    client.hang_up()
