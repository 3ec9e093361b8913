import smtplib
import ssl

import pytest

from devtools.mailbox import running_mailbox
from devtools.mailbox.options import HalfALogin, MailboxOptions, NotLoopback
from devtools.mailbox.tests.posting import letter


class TestCertificate:
    def test_lets_a_client_go_on_encrypted(self, tmp_path, certificate):
        trusting = ssl.create_default_context(cafile=certificate)

        with running_mailbox(home=tmp_path, certificate=certificate) as mailbox:
            with smtplib.SMTP(mailbox.smtp_host, mailbox.smtp_port, timeout=5) as client:
                client.starttls(context=trusting)
                client.send_message(letter())

            assert mailbox.counts().messages == 1

    def test_does_not_stop_the_faults(self, tmp_path, certificate):
        trusting = ssl.create_default_context(cafile=certificate)

        with running_mailbox(home=tmp_path, certificate=certificate) as mailbox:
            mailbox.break_down("drop", phase="after_data", times=1)
            client = smtplib.SMTP(mailbox.smtp_host, mailbox.smtp_port, timeout=5)
            client.starttls(context=trusting)
            with client, pytest.raises(smtplib.SMTPServerDisconnected):
                client.send_message(letter())

            assert mailbox.counts().messages == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
class TestLogin:
    @pytest.fixture(params=["with a certificate", "without one"])
    def client(self, request, tmp_path, certificate):
        pem = certificate if request.param == "with a certificate" else None
        with (
            running_mailbox(home=tmp_path, certificate=pem, user="shop", password="open sesame") as mailbox,
            smtplib.SMTP(mailbox.smtp_host, mailbox.smtp_port, timeout=5) as client,
        ):
            if pem is not None:
                client.starttls(context=ssl.create_default_context(cafile=pem))
            yield client

    def test_lets_the_right_one_in(self, client):
        client.login("shop", "open sesame")

        refused = client.send_message(letter())

        assert refused == {}

    def test_keeps_the_wrong_one_out(self, client):
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("shop", "open barley")

    def test_is_demanded(self, client):
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            client.send_message(letter())

        assert refused.value.smtp_code == 530


class TestOptions:
    def test_refuse_the_open_network(self, tmp_path):
        with pytest.raises(NotLoopback):
            MailboxOptions(home=tmp_path, host="0.0.0.0")

    def test_refuse_half_a_login(self, tmp_path):
        with pytest.raises(HalfALogin):
            MailboxOptions(home=tmp_path, user="shop")
