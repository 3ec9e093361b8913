import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from django.test import SimpleTestCase, override_settings

from devtools.mailbox import running_mailbox
from notifications.knock import Door, NotLetIn, knock

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def certificate(folder: Path, name: str = "localhost") -> Path:
    """
    A certificate for this name with its key, in one file.
    """
    both, key = folder / "certificate.pem", folder / "key.pem"
    wish = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    told = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run(
        ["openssl", "req", *wish, *told, "-out", str(both), "-keyout", str(key)],
        check=True,
        capture_output=True,
    )
    both.write_text(both.read_text() + key.read_text())
    return both


class TestKnock(SimpleTestCase):
    def setUp(self):
        self.home = Path(self.enterContext(TemporaryDirectory()))

    def mailbox(self, **how):
        return self.enterContext(running_mailbox(home=self.home / "mailbox", **how))

    def at(self, mailbox, **changes):
        told = {
            "EMAIL_BACKEND": SMTP,
            "EMAIL_HOST": "localhost",
            "EMAIL_PORT": mailbox.smtp_port if mailbox else 1,
            "EMAIL_USE_TLS": False,
            "EMAIL_HOST_USER": "",
            "EMAIL_HOST_PASSWORD": "",
            **changes,
        }
        with override_settings(**told):
            return knock(within_seconds=2)

    def closed(self, mailbox, **changes):
        with self.assertRaises(NotLetIn) as raised:
            self.at(mailbox, **changes)
        return raised.exception.door

    def test_is_let_in_and_leaves_no_letter(self):
        mailbox = self.mailbox()

        inside = self.at(mailbox)

        self.assertEqual((inside.encrypted, inside.logged_in), (False, False))
        self.assertEqual(mailbox.counts().messages, 0)

    def test_logs_in_behind_tls_with_a_certificate_that_is_verified(self):
        pem = certificate(self.home)
        mailbox = self.mailbox(certificate=pem, user="us", password="pw")
        login = {"EMAIL_USE_TLS": True, "EMAIL_HOST_USER": "us", "EMAIL_HOST_PASSWORD": "pw"}

        self.assertEqual(self.closed(mailbox, **login), Door.CERTIFICATE)
        with mock.patch.dict("os.environ", {"SSL_CERT_FILE": str(pem)}):
            inside = self.at(mailbox, **login)
            wrong_password = self.closed(mailbox, **{**login, "EMAIL_HOST_PASSWORD": "no"})
            wrong_name = self.closed(mailbox, **{**login, "EMAIL_HOST": "127.0.0.1"})

        self.assertEqual((inside.encrypted, inside.logged_in), (True, True))
        self.assertEqual((wrong_password, wrong_name), (Door.LOGIN, Door.CERTIFICATE))

    def test_finds_out_that_a_login_is_wanted_where_we_have_none(self):
        self.assertEqual(self.closed(self.mailbox(user="us", password="pw")), Door.LOGIN)

    def test_finds_out_that_a_login_is_not_offered(self):
        login = {"EMAIL_HOST_USER": "us", "EMAIL_HOST_PASSWORD": "pw"}

        self.assertEqual(self.closed(self.mailbox(), **login), Door.NO_LOGIN)

    def test_finds_out_that_tls_is_not_offered(self):
        mailbox = self.mailbox()

        self.assertEqual(self.closed(mailbox, EMAIL_USE_TLS=True), Door.NO_STARTTLS)
        self.assertEqual(self.closed(mailbox, EMAIL_USE_SSL=True), Door.TLS)

    def test_finds_out_that_nobody_is_there(self):
        self.assertEqual(self.closed(None), Door.REFUSED)
        self.assertEqual(self.closed(None, EMAIL_HOST="mail.invalid"), Door.NO_SUCH_HOST)

    def test_finds_out_that_it_hangs_or_turns_us_away(self):
        mailbox = self.mailbox()
        mailbox.break_down("hang", phase="connect", times=1)
        self.assertEqual(self.closed(mailbox), Door.SILENT)
        mailbox.break_down("refuse_permanently", phase="mail", times=1)
        self.assertEqual(self.closed(mailbox), Door.TURNED_AWAY)
        mailbox.break_down("drop", phase="mail", times=1)
        self.assertEqual(self.closed(mailbox), Door.TURNED_AWAY)
