"""
EMAIL_* against a real mail server that wants TLS and a login: each variable does what it says, and nothing is lost or
sent in the clear because one of them is wrong.
"""

import pytest

from devtools.mailbox import running_mailbox
from devtools.show.crew import any_free_port
from orders.testing import make_order, make_restaurant
from pipeline.models import State, StepRun
from tests.acceptance.certificates import Authority
from tests.acceptance.house import House
from tests.acceptance.moving import run_in
from tests.acceptance.tls_door import tls_door

pytestmark = pytest.mark.acceptance

LOGIN = {"user": "shop@example.com", "password": "open sesame"}
MAIL_STEPS = 2
SEND_A_COPY = """
import sys, django; django.setup()
from notifications.receipts import send_copy
print(send_copy(int(sys.argv[1]), "guest@example.com"))
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.founded(tmp_path_factory.mktemp("authority") / "ours")


@pytest.fixture
def strict_mailbox(authority, tmp_path):
    """
    A mailbox that takes letters only after STARTTLS and a login.
    """
    with running_mailbox(tmp_path / "mail", certificate=authority.certificate("mail"), **LOGIN) as mailbox:
        yield mailbox


def told(mailbox, authority, **changes):
    """
    The variables of the seed for this mailbox.
    """
    return {
        "ISOLATED_EMAIL_HOST": "127.0.0.1",
        "ISOLATED_EMAIL_PORT": str(mailbox.smtp_port),
        "ISOLATED_EMAIL_USE_TLS": "1",
        "ISOLATED_EMAIL_HOST_USER": LOGIN["user"],
        "ISOLATED_EMAIL_HOST_PASSWORD": LOGIN["password"],
        "ISOLATED_DEFAULT_FROM_EMAIL": "noreply@pizza.example",
        "SSL_CERT_FILE": str(authority.file),
        **changes,
    }


class TestVariable:
    @pytest.fixture
    def copy(self, built_house: House, strict_mailbox, authority):
        """
        Send a copy of a receipt from a process that is told these variables; returns what it said.
        """
        order = make_order(restaurant=make_restaurant(), paid=True)
        before = built_house.crew.environment

        def send(**changes):
            built_house.crew.environment = {**before, **told(strict_mailbox, authority, **changes)}
            said = run_in(built_house, "-c", SEND_A_COPY, str(order.pk))
            return said.stdout + said.stderr

        yield send
        built_house.crew.environment = before

    def test_all_of_them_right_send_the_letter(self, copy, strict_mailbox):
        assert "'sent': True" in copy()

        (letter,) = strict_mailbox.messages()
        assert letter.sender == "noreply@pizza.example"
        assert letter.message_id.endswith("@pizza.example>")

    def test_default_from_email_may_have_a_name(self, copy, strict_mailbox):
        copy(ISOLATED_DEFAULT_FROM_EMAIL="The pizza place <hello@pizza.example>")

        assert strict_mailbox.messages()[0].sender == "hello@pizza.example"

    def test_email_use_ssl_encrypts_from_the_first_byte(self, copy, authority, tmp_path):
        with (
            running_mailbox(tmp_path / "behind", **LOGIN) as mailbox,
            tls_door(mailbox.smtp_port, certificate=authority.certificate("door")) as port,
        ):
            said = copy(ISOLATED_EMAIL_PORT=str(port), ISOLATED_EMAIL_USE_TLS="0", ISOLATED_EMAIL_USE_SSL="1")

            assert "'sent': True" in said
            assert mailbox.counts().messages == 1

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("ISOLATED_EMAIL_HOST", "nowhere.invalid", "MailServerUnreachable"),
            ("ISOLATED_EMAIL_PORT", "closed", "MailServerUnreachable: ConnectionRefusedError"),
            ("ISOLATED_EMAIL_USE_TLS", "0", "Nothing is sent in the clear. Look at EMAIL_PORT, EMAIL_USE_TLS"),
            ("ISOLATED_EMAIL_HOST_USER", "somebody", "535.*Correct EMAIL_HOST_USER and EMAIL_HOST_PASSWORD."),
            ("ISOLATED_EMAIL_HOST_PASSWORD", "wrong", "Correct EMAIL_HOST_USER and EMAIL_HOST_PASSWORD."),
            ("SSL_CERT_FILE", "", "CERTIFICATE_VERIFY_FAILED.*your own authority in SSL_CERT_FILE."),
        ],
    )  # fmt: skip
    def test_that_is_wrong_sends_nothing_and_says_so(self, copy, strict_mailbox, name, value, said):
        found = copy(**{name: str(any_free_port()) if value == "closed" else value})

        assert strict_mailbox.counts().messages == 0
        assert [line for line in found.splitlines() if _fits(said, line)], found
        assert LOGIN["password"] not in found

    @pytest.mark.parametrize("valid_for", ["DNS:mail.example.com", "IP:127.0.0.2"])
    def test_email_host_must_be_the_one_in_the_certificate(self, copy, authority, tmp_path, valid_for):
        somebody_elses = authority.certificate("else", valid_for=valid_for)
        with running_mailbox(tmp_path / "else", certificate=somebody_elses, **LOGIN) as mailbox:
            said = copy(ISOLATED_EMAIL_PORT=str(mailbox.smtp_port))

            assert "CERTIFICATE_VERIFY_FAILED" in said
            assert "mismatch" in said
            assert mailbox.counts().messages == 0

    def test_email_use_tls_never_falls_back_to_clear_text(self, copy, tmp_path):
        with running_mailbox(tmp_path / "clear", **LOGIN) as mailbox:
            said = copy(ISOLATED_EMAIL_PORT=str(mailbox.smtp_port))

            assert "STARTTLS extension not supported by server. Nothing is sent in the clear." in said
            assert mailbox.counts().messages == 0


class TestReceiptsOfAPaidOrder:
    def test_go_out_over_tls_with_the_login(self, house: House, strict_mailbox, authority):
        house.kill_worker()
        orders = house.orders(3)
        house.start_worker(**told(strict_mailbox, authority))

        house.pay(orders)

        house.wait_until_at_rest(orders)
        assert strict_mailbox.counts().messages == len(orders) * MAIL_STEPS
        assert set(StepRun.objects.values_list("state", "attempts")) == {(State.DONE, 1)}

    @pytest.mark.parametrize(
        ("wrong", "because"),
        [
            ({"ISOLATED_EMAIL_HOST_PASSWORD": "revoked"}, "535"),
            ({"SSL_CERT_FILE": ""}, "CERTIFICATE_VERIFY_FAILED"),
        ],
        ids=["password", "certificate"],
    )
    def test_wait_without_losing_an_attempt_until_the_setting_is_mended(
        self, house: House, strict_mailbox, authority, wrong, because
    ):
        house.kill_worker()
        (order,) = house.orders(1)
        house.start_worker(**told(strict_mailbox, authority, **wrong))
        house.pay([order])
        for _ in range(6):  # more often than any policy would try
            house.wait_for(lambda: put_off(because) == MAIL_STEPS, lambda: str(letters_to_be()))
            let_the_wait_pass()
        house.wait_for(lambda: put_off(because) == MAIL_STEPS, lambda: str(letters_to_be()))
        assert strict_mailbox.counts().messages == 0

        house.kill_worker()
        house.start_worker(**told(strict_mailbox, authority))
        let_the_wait_pass()

        house.wait_until_at_rest([order])
        assert strict_mailbox.counts().messages == MAIL_STEPS
        assert set(StepRun.objects.values_list("state", "attempts")) == {(State.DONE, 1)}


def _fits(words: str, line: str) -> bool:
    """
    Do these words stand in the line, with anything in place of '.*'?
    """
    places = [line.find(part) for part in words.split(".*")]
    return -1 not in places and places == sorted(places)


def letters_to_be() -> list[tuple[object, ...]]:
    return list(StepRun.objects.filter(lane="emails").values_list("state", "attempts", "because"))


def put_off(because: str) -> int:
    """
    How many letters wait for this reason, with no attempt counted.
    """
    return StepRun.objects.filter(
        lane="emails",
        state=State.WAITING,
        attempts=0,
        because__contains=because,
        due_at__gt="2026-01-02T00:00:00Z",
    ).count()


def let_the_wait_pass() -> None:
    StepRun.objects.filter(lane="emails", state=State.WAITING).update(due_at="2026-01-01T00:00:00Z")
