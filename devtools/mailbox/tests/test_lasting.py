import json
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from devtools.mailbox import MailboxClient, running_mailbox
from devtools.mailbox.station import HomeInUse
from devtools.mailbox.tests.posting import letter, post

PROJECT = Path(__file__).parents[3]


@contextmanager
def mailbox_process(home):
    """
    A mailbox as a process of its own; killed, not asked, when the block ends.
    """
    command = [sys.executable, "-m", "devtools.mailbox", "--home", str(home)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline().startswith("Mailbox: smtp 127.0.0.1:")
            yield process, MailboxClient(json.loads((home / "mailbox.json").read_text())["url"])
        finally:
            process.kill()


class TestRestart:
    def test_keeps_the_letters_and_the_ports(self, tmp_path):
        with running_mailbox(home=tmp_path) as mailbox:
            post(mailbox, letter())
            before = (mailbox.smtp_port, mailbox.url)

        with running_mailbox(home=tmp_path) as mailbox:
            after = (mailbox.smtp_port, mailbox.url)
            kept = mailbox.messages()

        assert after == before
        assert [found.message_id for found in kept] == ["<order-1@shop.example>"]

    def test_takes_another_port_when_the_last_one_is_taken(self, tmp_path):
        with running_mailbox(home=tmp_path) as mailbox:
            before = mailbox.smtp_port

        with socket.create_server(("127.0.0.1", before)), running_mailbox(home=tmp_path) as mailbox:
            post(mailbox, letter())

            assert mailbox.smtp_port != before

    def test_ends_although_a_conversation_hangs(self, tmp_path):
        with running_mailbox(home=tmp_path) as mailbox:
            mailbox.break_down("hang", phase="mail")
            client = smtplib.SMTP(mailbox.smtp_host, mailbox.smtp_port, timeout=5)
            client.ehlo()
            client.putcmd("mail", "from:<shop@shop.example>")

        with client, pytest.raises(smtplib.SMTPServerDisconnected):
            client.getreply()


class TestKill:
    def test_loses_no_letter_that_was_answered_250(self, tmp_path):
        answered, enough = [], threading.Event()
        with mailbox_process(tmp_path) as (process, mailbox):
            posting = threading.Thread(target=post_until_cut, args=[mailbox, answered, enough])
            posting.start()
            came = enough.wait(timeout=10)
            process.kill()
            posting.join(timeout=10)

        with running_mailbox(home=tmp_path) as mailbox:
            kept = {found.message_id for found in mailbox.messages()}

        assert came
        assert set(answered) <= kept
        assert len(kept) <= len(answered) + 1  # the one whose answer was cut off


def post_until_cut(mailbox, answered, enough):
    with smtplib.SMTP(mailbox.smtp_host, mailbox.smtp_port, timeout=5) as client:
        while True:
            message_id = f"<{len(answered)}@shop.example>"
            try:
                client.send_message(letter(message_id=message_id))
            except (smtplib.SMTPException, OSError):
                return
            answered.append(message_id)
            if len(answered) == 30:
                enough.set()


class TestProcess:
    def test_says_where_it_is_and_ends_cleanly_when_asked(self, tmp_path):
        with mailbox_process(tmp_path) as (process, mailbox):
            announced = json.loads((tmp_path / "mailbox.json").read_text())
            post(mailbox, letter())
            process.send_signal(signal.SIGTERM)
            _out, errors = process.communicate(timeout=10)

        assert announced == {
            "smtp_host": mailbox.smtp_host,
            "smtp_port": mailbox.smtp_port,
            "url": mailbox.url,
            "pid": process.pid,
        }
        assert (process.returncode, errors) == (0, "")
        assert not (tmp_path / "mailbox.json").exists()

    def test_refuses_a_home_in_which_another_one_works(self, tmp_path):
        with (
            running_mailbox(home=tmp_path),
            pytest.raises(HomeInUse, match="Another mailbox"),
            running_mailbox(home=tmp_path),
        ):
            pass
