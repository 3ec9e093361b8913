import smtplib
import sqlite3
from contextlib import closing

import pytest

from devtools.mailbox import running_mailbox
from devtools.mailbox.tests.posting import letter, post


class TestShelfThatRefuses:
    def test_is_a_temporary_refusal_and_passes(self, tmp_path):
        with (
            running_mailbox(home=tmp_path) as mailbox,
            closing(sqlite3.connect(tmp_path / "mailbox.sqlite3", isolation_level=None)) as other,
        ):
            other.execute(
                "CREATE TRIGGER full BEFORE INSERT ON letters BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
            with pytest.raises(smtplib.SMTPDataError) as refused:
                post(mailbox, letter())
            other.execute("DROP TRIGGER full")
            post(mailbox, letter())

            assert refused.value.smtp_code == 452
            assert mailbox.counts().messages == 1
