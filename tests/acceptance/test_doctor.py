"""
`manage.py doctor` in a real house: the problems of the seed's "Troubleshooting" are provoked, and named.
"""

import json
import re

import pytest

from devtools.mailbox import running_mailbox
from devtools.show.crew import any_free_port
from devtools.till import Mode
from orders.testing import make_restaurant
from pipeline.models import StepRun
from tests.acceptance.doctor_visit import doctor
from tests.acceptance.house import SECRET, House
from tests.acceptance.own_valkey import PASSWORD, make_certificate, own_valkey

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


class TestHealthyHouse:
    def test_is_well_and_nothing_is_changed_and_no_secret_told(self, quiet_house: House):
        make_restaurant(pos_location="LMAIN")
        before = quiet_house.mailbox.counts().messages

        report = doctor(quiet_house)

        assert (report.code, report.problems) == (0, []), report.text
        assert re.search(r"^All well: \d\d checks\.$", report.text, re.MULTILINE), report.text
        assert "1 answer" in report.finding("✓", "workers")
        assert "Each has a consumer" in report.finding("✓", "queues")
        assert "No letter was sent" in report.finding("✓", "mail server")
        assert "knows 1 locations" in report.finding("✓", "till")
        assert re.search(r"✓ memory: 1 worker with 4 processes of \d+ MB", report.text)
        for secret in (
            quiet_house.addresses.broker_password,
            quiet_house.addresses.postgres_password,
            SECRET,
            quiet_house.till.token,
        ):
            assert secret not in report.text
        assert (quiet_house.mailbox.counts().messages, StepRun.objects.count()) == (before, 0)
        assert "\x1b" not in report.text

    def test_is_well_for_machines_too(self, quiet_house: House):
        told = json.loads(doctor(quiet_house, "--json").text)

        assert told["well"] is True
        assert told["counts"]["problem"] == 0
        assert {finding["topic"] for finding in told["findings"]} >= {"Broker", "Tasks", "E-mail", "Memory"}


class TestRedisConnectionFailed:
    """
    The seed's first problem.
    """

    def test_because_nobody_is_there(self, quiet_house: House):
        port = any_free_port()

        report = doctor(quiet_house, ISOLATED_CELERY_BROKER_URL=f"redis://:{PASSWORD}@127.0.0.1:{port}/0")

        found = report.finding("✗", "broker")
        assert report.code == 1
        assert f"Redis connection failed: redis://127.0.0.1:{port}/0 refuses the connection." in found
        assert f"`redis-cli -h 127.0.0.1 -p {port} --askpass ping`" in found
        assert PASSWORD not in report.text
        assert "lets us in" in report.finding("✓", "mail server")  # the others are examined all the same
        assert "because the broker does not answer" in report.finding("·", "workers")

    def test_because_the_password_is_wrong(self, quiet_house: House, tmp_path):
        with own_valkey(tmp_path) as valkey:
            report = doctor(quiet_house, ISOLATED_CELERY_BROKER_URL=valkey.url(":wrong-password@"))

        found = report.finding("✗", "broker")
        assert report.code == 1
        assert "refuses the password" in found
        assert "Correct user and password in CELERY_BROKER_URL" in found
        assert "wrong-password" not in report.text

    def test_because_it_hangs(self, quiet_house: House, tmp_path):
        with own_valkey(tmp_path) as valkey, valkey.stopped():
            report = doctor(quiet_house, "--patience", "1", ISOLATED_CELERY_BROKER_URL=valkey.url())

        assert report.code == 1
        assert "takes the connection and does not answer" in report.finding("✗", "broker")
        assert report.problems == ["broker"], "who hangs must not make the others look ill"


class TestEmailTasksFailing:
    """
    The seed's third problem, against a mail server with TLS and a login.
    """

    @pytest.fixture
    def post(self, tmp_path, certificate):
        with running_mailbox(
            home=tmp_path / "post", certificate=certificate, user="us", password="right-password"
        ) as mailbox:
            yield mailbox

    def ask(self, house, post, certificate, **changes):
        told = {
            "EMAIL_HOST": "localhost",
            "EMAIL_PORT": str(post.smtp_port),
            "EMAIL_USE_TLS": "1",
            "EMAIL_HOST_USER": "us",
            "EMAIL_HOST_PASSWORD": "right-password",
            **changes,
        }
        environment = {f"ISOLATED_{name}": value for name, value in told.items()}
        return doctor(house, "--patience", "2", SSL_CERT_FILE=str(certificate), **environment)

    def test_not_at_all(self, quiet_house: House, post, certificate):
        report = self.ask(quiet_house, post, certificate)

        assert (report.code, report.problems) == (0, []), report.text
        assert "with TLS, certificate verified, login accepted" in report.finding("✓", "mail server")
        assert post.counts().messages == 0

    def test_because_the_password_is_wrong(self, quiet_house: House, post, certificate):
        report = self.ask(quiet_house, post, certificate, EMAIL_HOST_PASSWORD="wrong-password")

        found = report.finding("✗", "mail server")
        assert (report.code, report.problems) == (1, ["mail server"])
        assert "does not accept our login" in found
        assert "Correct EMAIL_HOST_USER and EMAIL_HOST_PASSWORD" in found
        assert "wrong-password" not in report.text

    def test_because_nobody_is_at_the_port(self, quiet_house: House, post, certificate):
        report = self.ask(quiet_house, post, certificate, EMAIL_PORT=str(any_free_port()))

        found = report.finding("✗", "mail server")
        assert report.code == 1
        assert "nobody answers at localhost" in found
        assert "Correct EMAIL_HOST and EMAIL_PORT" in found

    def test_because_the_server_says_nothing(self, quiet_house: House, post, certificate):
        post.break_down("hang", phase="connect")

        report = self.ask(quiet_house, post, certificate)

        assert report.problems == ["mail server"]
        assert "takes the connection and says nothing" in report.finding("✗", "mail server")

    def test_because_a_template_is_missing(self, quiet_house: House):
        report = doctor(
            quiet_house, DJANGO_SETTINGS_MODULE="tests.acceptance.mistakes", ISOLATED_MISTAKE="templates"
        )

        found = report.finding("✗", "templates")
        assert report.code == 1
        assert "notifications/receipt.txt cannot be filled in. TemplateDoesNotExist" in found
        assert "Restore it from notifications/templates" in found


class TestHighMemoryUsage:
    """
    The seed's fourth problem.
    """

    def test_of_all_workers_of_a_machine_together(self, quiet_house: House):
        report = doctor(quiet_house, "--memory-limit-mb", "100")

        found = report.finding("✗", "memory")
        assert (report.code, report.problems) == (1, ["memory"])
        assert re.search(
            r"High memory usage: 1 worker with 4 processes of \d+ MB on \S+: \d+ MB of \d+ MB", found
        )
        assert "smaller --concurrency" in found
        assert "CELERY_WORKER_MAX_TASKS_PER_CHILD" in found

    def test_of_results_that_stay_for_ever(self, quiet_house: House):
        report = doctor(
            quiet_house, DJANGO_SETTINGS_MODULE="tests.acceptance.mistakes", ISOLATED_MISTAKE="results"
        )

        assert report.code == 1
        assert "Set CELERY_RESULT_EXPIRES" in report.finding("✗", "results")


class TestTill:
    def test_that_hangs_is_named_and_holds_up_nobody(self, quiet_house: House):
        quiet_house.till.break_down(Mode.HANG)

        report = doctor(quiet_house, "--patience", "1")

        assert report.problems == ["till"]
