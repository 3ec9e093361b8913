"""
Every way in which a conversation with the mail server can break, and what follows from it.
"""

import socket
import ssl

from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from notifications import client
from notifications.failures import (
    ImpossibleLetter,
    MailAnswerLost,
    MailRefused,
    MailRefusedForNow,
    MailServerLetsNobodyIn,
    MailServerUnreachable,
    MailServerWentAway,
    NotAnAddress,
)
from notifications.letterhead import Letterhead
from notifications.tests.posting import WithMailbox, a_letter
from pipeline.failures import PermanentFailure, TemporaryFailure, UnknownOutcome

BEFORE_THE_END = ["mail", "rcpt", "data"]
IMPATIENT = override_settings(EMAIL_TIMEOUT=0.3)


class BrokenConversation(WithMailbox):
    def assert_fails(self, expected, *, letter=None):
        with self.assertRaises(expected) as failed:
            client.send(letter or a_letter())
        self.assertIs(type(failed.exception), expected)
        self.assertNotIn("guest@example.com", str(failed.exception))
        return failed.exception

    def test_is_temporary_where_the_server_refuses_for_now(self):
        for phase in [*BEFORE_THE_END, "after_data"]:
            with self.subTest(phase=phase):
                self.mailbox.break_down("refuse_temporarily", phase=phase, times=1)

                self.assertTrue(issubclass(MailRefusedForNow, TemporaryFailure))
                self.assertIn("451", str(self.assert_fails(MailRefusedForNow)))

        self.assertEqual(self.mailbox.counts().messages, 0)

    def test_is_permanent_where_the_server_refuses_for_good(self):
        for phase in [*BEFORE_THE_END, "after_data"]:
            with self.subTest(phase=phase):
                self.mailbox.break_down("refuse_permanently", phase=phase, times=1)

                self.assertTrue(issubclass(MailRefused, PermanentFailure))
                self.assertIn("550", str(self.assert_fails(MailRefused)))

        self.assertEqual(self.mailbox.counts().messages, 0)

    def test_is_temporary_where_the_server_closes_the_line_with_421(self):
        for phase in BEFORE_THE_END:
            with self.subTest(phase=phase):
                self.mailbox.break_down("refuse_temporarily", phase=phase, times=1, code=421)

                self.assert_fails(MailServerWentAway)

    def test_is_temporary_where_the_line_breaks_before_the_body(self):
        for phase in BEFORE_THE_END:
            with self.subTest(phase=phase):
                self.mailbox.break_down("drop", phase=phase, times=1)

                failure = self.assert_fails(MailServerWentAway)

                self.assertNotIsInstance(failure, UnknownOutcome)

    @IMPATIENT
    def test_is_temporary_where_the_server_falls_silent_before_the_body(self):
        for phase in BEFORE_THE_END:
            with self.subTest(phase=phase):
                self.mailbox.break_down("hang", phase=phase, times=1)

                failure = self.assert_fails(MailServerWentAway)

                self.assertNotIsInstance(failure, UnknownOutcome)
        self.assertEqual(self.mailbox.counts().messages, 0)

    def test_has_an_unknown_outcome_where_the_line_breaks_after_the_body(self):
        for kept in (True, False):
            with self.subTest(kept=kept):
                self.mailbox.break_down("drop", phase="after_data", times=1, keep=kept)

                self.assertIsInstance(self.assert_fails(MailAnswerLost), UnknownOutcome)

        self.assertEqual(self.mailbox.counts().messages, 1)

    @IMPATIENT
    def test_has_an_unknown_outcome_where_the_server_falls_silent_after_the_body(self):
        self.mailbox.break_down("hang", phase="after_data", times=1)

        self.assert_fails(MailAnswerLost)

        self.assertEqual(self.mailbox.counts().messages, 1)

    def test_leaves_the_next_letter_unharmed(self):
        for phase in [*BEFORE_THE_END, "after_data"]:
            self.mailbox.break_down("drop", phase=phase, times=1, keep=False)
            with self.assertRaises(TemporaryFailure):
                client.send(a_letter())

            client.send(a_letter())

        self.assertEqual(self.mailbox.counts().messages, 4)

    @override_settings(EMAIL_TIMEOUT=1)
    def test_ends_when_its_time_is_over_however_many_slow_answers_there_are(self):
        for phase in ("rcpt", "data"):
            self.mailbox.break_down("slow", phase=phase, seconds=0.7)

        self.assert_fails(MailServerWentAway)

        self.assertEqual(self.mailbox.counts().messages, 0)


class UnreachableServer(WithMailbox):
    def assert_unreachable(self):
        with self.assertRaises(MailServerUnreachable) as failed:
            client.send(a_letter())
        self.assertIsInstance(failed.exception, TemporaryFailure)
        return str(failed.exception)

    def test_is_temporary_where_nobody_listens(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with override_settings(EMAIL_PORT=taken.getsockname()[1]):
                self.assertIn("ConnectionRefusedError", self.assert_unreachable())

    def test_is_temporary_where_the_name_is_unknown(self):
        with override_settings(EMAIL_HOST="nowhere.invalid"):
            self.assert_unreachable()

    @IMPATIENT
    def test_is_temporary_where_the_banner_does_not_come(self):
        for mode in ("hang", "drop", "refuse_temporarily", "refuse_permanently"):
            with self.subTest(mode=mode):
                self.mailbox.break_down(mode, phase="connect", times=1)

                self.assert_unreachable()

    def test_waits_for_a_person_where_the_server_offers_no_tls(self):
        with (
            override_settings(EMAIL_USE_TLS=True),
            self.assertRaisesRegex(MailServerLetsNobodyIn, "STARTTLS .* Nothing is sent in the clear"),
        ):
            client.send(a_letter())

        self.assertEqual(self.mailbox.counts().messages, 0)

    def test_is_temporary_where_tls_cannot_be_agreed(self):
        with override_settings(EMAIL_USE_SSL=True):
            self.assertIn(ssl.SSLError.__name__, self.assert_unreachable())


class RefusedRecipient(WithMailbox):
    def test_does_not_keep_the_others_from_their_letter(self):
        self.mailbox.break_down("refuse_permanently", phase="rcpt", recipient="*@gone.example")

        refused = client.send(a_letter("anna@example.com", "bert@gone.example", "carla@example.com"))

        self.assertEqual(refused, 1)
        self.assertEqual(self.mailbox.messages()[0].recipients, ("anna@example.com", "carla@example.com"))

    def test_is_permanent_where_it_is_all_of_them(self):
        self.mailbox.break_down("refuse_permanently", phase="rcpt")

        with self.assertRaises(MailRefused):
            client.send(a_letter("anna@example.com", "bert@example.com"))

    def test_is_temporary_where_one_of_them_may_be_taken_later(self):
        self.mailbox.break_down("refuse_permanently", phase="rcpt", recipient="anna@*")
        self.mailbox.break_down("refuse_temporarily", phase="rcpt", recipient="bert@*")

        with self.assertRaises(MailRefusedForNow):
            client.send(a_letter("anna@example.com", "bert@example.com"))


class ImpossibleHeaders(WithMailbox):
    def test_are_permanent_and_leave_nobody_a_letter(self):
        for backend in (
            "notifications.tests.posting.CountingBackend",
            "django.core.mail.backends.locmem.EmailBackend",
        ):
            with self.subTest(backend=backend), override_settings(EMAIL_BACKEND=backend):
                with self.assertRaises(ImpossibleLetter) as failed:
                    client.send(a_letter(subject="Hi\r\nBcc: everybody@example.com"))

                self.assertIsInstance(failed.exception, PermanentFailure)
                self.assertNotIn("everybody", str(failed.exception))
        self.assertEqual(self.mailbox.counts().messages, 0)


class ImpossibleAddress(WithMailbox):
    def test_is_permanent_and_not_repeated(self):
        address = f"a@{'b' * 70}.ünexample"

        with self.assertRaises(NotAnAddress) as failed:
            client.send(a_letter(address))

        self.assertNotIn(address, str(failed.exception))

    def test_of_our_own_is_a_misconfiguration_and_bury_nothing(self):
        with override_settings(DEFAULT_FROM_EMAIL="webmaster"), self.assertRaises(ImproperlyConfigured):
            Letterhead(restaurant="Shop", reference="order-1").letter(
                to=["a@b.example"], subject="", text="", html=""
            )
