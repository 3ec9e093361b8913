import smtplib
import threading
from time import monotonic

import pytest

from devtools.mailbox import running_mailbox
from devtools.mailbox.fault_board import FaultBoard
from devtools.mailbox.faults import BadFault, Fault, Mode, Phase
from devtools.mailbox.tests.posting import letter, post

PHASES = ["connect", "mail", "rcpt", "data", "after_data"]
REFUSALS = {
    "connect": smtplib.SMTPConnectError,
    "mail": smtplib.SMTPSenderRefused,
    "rcpt": smtplib.SMTPRecipientsRefused,
    "data": smtplib.SMTPDataError,
    "after_data": smtplib.SMTPDataError,
}
IMPATIENT = 0.15


def wait_until_struck(mailbox):
    deadline = monotonic() + 5
    while mailbox.faults()[0]["struck"] == 0:
        assert monotonic() < deadline, "The fault never struck: did the client connect at all?"


def code_of(refusal):
    if isinstance(refusal, smtplib.SMTPRecipientsRefused):
        ((code, _text),) = refusal.recipients.values()
        return code
    return refusal.smtp_code


@pytest.mark.parametrize("phase", PHASES)
class TestAtEveryPhase:
    @pytest.mark.parametrize(
        ("mode", "code"),
        [
            ("refuse_temporarily", 451),
            ("refuse_temporarily", 421),
            ("refuse_permanently", 550),
            ("refuse_permanently", 552),
        ],
    )
    def test_a_refusal_answers_its_code_and_keeps_nothing(self, mailbox, phase, mode, code):
        mailbox.break_down(mode, phase=phase, times=1, code=code)

        with pytest.raises(REFUSALS[phase]) as refused:
            post(mailbox, letter())

        assert code_of(refused.value) == code
        assert mailbox.counts().messages == 0

    def test_a_dropped_line_is_a_disconnection(self, mailbox, phase):
        mailbox.break_down("drop", phase=phase, times=1, keep=False)

        with pytest.raises(smtplib.SMTPServerDisconnected):
            post(mailbox, letter())

        assert mailbox.counts().messages == 0

    def test_a_hang_outlasts_the_client(self, mailbox, phase):
        mailbox.break_down("hang", phase=phase, keep=False)

        with pytest.raises((smtplib.SMTPServerDisconnected, TimeoutError)):
            post(mailbox, letter(), timeout=IMPATIENT)

        assert mailbox.counts().messages == 0

    def test_a_hanging_conversation_goes_on_when_mended(self, mailbox, phase):
        mailbox.break_down("hang", phase=phase)
        posting = threading.Thread(target=post, args=[mailbox, letter()])
        posting.start()
        wait_until_struck(mailbox)

        mailbox.mend()
        posting.join(timeout=2)

        assert not posting.is_alive()
        assert mailbox.counts().messages == 1

    def test_a_slow_answer_is_an_answer(self, mailbox, phase):
        mailbox.break_down("slow", phase=phase, seconds=0.01)

        post(mailbox, letter())

        assert mailbox.counts().messages == 1
        assert mailbox.faults()[0]["struck"] == 1

    def test_all_is_well_after_the_last_time(self, mailbox, phase):
        mailbox.break_down("drop", phase=phase, times=2, keep=False)

        for _ in range(2):
            with pytest.raises(smtplib.SMTPServerDisconnected):
                post(mailbox, letter())
        post(mailbox, letter())

        assert mailbox.counts().messages == 1


class TestUnknownOutcome:
    @pytest.mark.parametrize("mode", ["drop", "hang", "slow"])
    def test_keeps_the_letter_although_the_client_never_hears_so(self, mailbox, mode):
        mailbox.break_down(mode, phase="after_data", times=1, seconds=30)

        with pytest.raises((smtplib.SMTPServerDisconnected, TimeoutError)):
            post(mailbox, letter(), timeout=IMPATIENT)

        assert mailbox.counts().messages == 1

    def test_makes_a_second_copy_when_the_client_tries_again(self, mailbox):
        mailbox.break_down("drop", phase="after_data", times=1)

        with pytest.raises(smtplib.SMTPServerDisconnected):
            post(mailbox, letter())
        post(mailbox, letter())

        counts = mailbox.counts()
        assert (counts.messages, counts.distinct_message_ids) == (2, 1)


class TestFourTwentyOne:
    def test_ends_the_conversation(self, mailbox):
        mailbox.break_down("refuse_temporarily", phase="mail", times=1, code=421)

        with smtplib.SMTP(mailbox.smtp_host, mailbox.smtp_port, timeout=5) as client:
            client.ehlo()
            code, _text = client.mail("shop@shop.example")

            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.noop()

        assert code == 421


class TestRecipientPattern:
    @pytest.mark.parametrize("phase", ["rcpt", "data", "after_data"])
    def test_strikes_only_those_it_names(self, mailbox, phase):
        mailbox.break_down("refuse_permanently", phase=phase, recipient="*@gone.example")

        post(mailbox, letter(to="anna@home.example"))
        with pytest.raises(REFUSALS[phase]):
            post(mailbox, letter(to="Bert@Gone.example"))

        assert [kept.recipients for kept in mailbox.messages()] == [("anna@home.example",)]

    @pytest.mark.parametrize("phase", ["connect", "mail"])
    def test_is_refused_where_nobody_knows_the_recipient(self, mailbox, phase):
        with pytest.raises(BadFault, match="nobody knows the recipient"):
            mailbox.break_down("hang", phase=phase, recipient="*")


class TestChance:
    def strikes(self, *, seed):
        board = FaultBoard()
        board.put(Fault(mode=Mode.DROP, phase=Phase.DATA, probability=0.3, seed=seed))
        return [board.strike(phase=Phase.DATA) is not None for _ in range(200)]

    def test_is_the_same_for_the_same_seed(self):
        assert self.strikes(seed=7) == self.strikes(seed=7)
        assert self.strikes(seed=7) != self.strikes(seed=8)

    def test_strikes_about_as_often_as_it_says(self):
        assert 40 <= sum(self.strikes(seed=7)) <= 80


class TestBadFault:
    @pytest.mark.parametrize(
        ("wish", "complaint"),
        [
            ({"mode": "explode", "phase": "data"}, "Use one of: refuse_temporarily"),
            ({"mode": "drop", "phase": "lunch"}, "Use one of: connect, mail"),
            ({"mode": "drop", "phase": "data", "tims": 3}, "Unknown: tims"),
            ({"mode": "drop", "phase": "data", "times": 0}, "Write 1 or more"),
            ({"mode": "drop", "phase": "data", "times": "3"}, "wrong type"),
            ({"mode": "drop", "phase": "data", "probability": 2}, "up to 1"),
            ({"mode": "refuse_temporarily", "phase": "data", "code": 550}, "cannot answer 550"),
            (["drop"], "A fault is an object"),
        ],
    )
    def test_tells_what_to_write_instead(self, wish, complaint):
        with pytest.raises(BadFault, match=complaint):
            Fault.of(wish)


class TestRecipientThatIsNeverTaken:
    def test_is_refused_for_good_also_after_everything_was_mended(self, tmp_path):
        with running_mailbox(home=tmp_path, refused=("*@gone.example",)) as mailbox:
            mailbox.mend()

            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                post(mailbox, letter(to="anna@gone.example"))
            post(mailbox, letter())

            assert code_of(refused.value) == 550
            assert mailbox.counts().messages == 1
