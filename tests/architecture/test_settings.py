"""
Settings are checked at start; a complaint names the variable and the remedy.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = {
    "DJANGO_DEBUG": "0",
    "DJANGO_SECRET_KEY": "x" * 60,
    "DJANGO_ALLOWED_HOSTS": "orders.example.com",
    "DATABASE_URL": "postgres://user:secret@db.example.com/rms",
    "CELERY_BROKER_URL": "redis://:secret@broker.example.com/0",
    "STRIPE_WEBHOOK_SECRETS": "whsec_1",
    "STRIPE_SECRET_KEY": "sk_test_1",
    "EMAIL_HOST": "smtp.example.com",
}


def settings_with(told: dict[str, str], show: str = "DEBUG") -> subprocess.CompletedProcess[str]:
    """
    Read the settings in a process that is told these variables and no others.
    """
    code = f"import django; django.setup(); from django.conf import settings; print(repr(settings.{show}))"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment_of(told),
        capture_output=True,
        text=True,
        check=False,
    )


def environment_of(told: dict[str, str]) -> dict[str, str]:
    """
    The environment of a process that is told these variables and no others.
    """
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ISOLATED_", "CELERY_"))
    }
    environment |= {f"ISOLATED_{name}": value for name, value in told.items()} | {"RMS_ISOLATED": "1"}
    environment.setdefault("ISOLATED_EMBEDDED_HOME", os.environ["ISOLATED_EMBEDDED_HOME"])
    return environment


class TestProductionSettings:
    def test_are_accepted_when_complete(self):
        found = settings_with(PRODUCTION, "DATABASES['default']['HOST']")

        assert found.stdout.strip() == "'db.example.com'", found.stderr

    @pytest.mark.parametrize(
        "missing",
        [
            "DJANGO_SECRET_KEY",
            "DJANGO_ALLOWED_HOSTS",
            "DATABASE_URL",
            "CELERY_BROKER_URL",
            "STRIPE_WEBHOOK_SECRETS",
            "STRIPE_SECRET_KEY",
            "EMAIL_HOST",
        ],
    )
    def test_are_refused_when_something_is_missing(self, missing):
        found = settings_with({name: value for name, value in PRODUCTION.items() if name != missing})

        assert found.returncode != 0
        assert f"{missing} is not set." in found.stderr.splitlines()[-1]


class TestWrongValue:
    @pytest.mark.parametrize(
        ("name", "value", "remedy"),
        [
            ("DJANGO_DEBUG", "perhaps", "Write 1 or 0."),
            ("CELERY_TASK_TIME_LIMIT", "five minutes", "Write a whole number from 2"),
            ("CELERY_TASK_TIME_LIMIT", "1", "Write a whole number from 2"),
            ("CELERY_WORKER_PREFETCH_MULTIPLIER", "-1", "Write a whole number from 1"),
            ("CELERY_WORKER_PREFETCH_MULTIPLIER", "1.5", "Write a whole number from 1"),
            ("EMAIL_HOST", "smtp://smtp.example.com", "the host's name only, for example smtp.gmail.com"),
            ("EMAIL_HOST", "smtp.example.com:587", "its port has its own"),
            ("EMAIL_PORT", "smtp", "Write a whole number from 1 to 65535, for example 587"),
            ("EMAIL_PORT", "99999", "Write a whole number from 1 to 65535"),
            ("EMAIL_PORT", "0", "Write a whole number from 1 to 65535"),
            ("EMAIL_USE_TLS", "ja", "Write 1 or 0."),
            ("EMAIL_USE_TLS", "", "Write 1 or 0."),
            ("EMAIL_USE_SSL", "tls", "Write 1 or 0."),
            ("EMAIL_TIMEOUT", "60", "Write a whole number from 1 to 20"),
            ("EMAIL_HOST_USER", "you@gmail.com", "EMAIL_HOST_PASSWORD is not. Set both, or neither."),
            ("EMAIL_HOST_PASSWORD", "my-secret", "EMAIL_HOST_USER is not. Set both, or neither."),
            ("DEFAULT_FROM_EMAIL", "Pizza place", "Write an e-mail address, for example noreply@"),
            ("DEFAULT_FROM_EMAIL", "noreply@", "Write an e-mail address, for example noreply@"),
            ("DATABASE_URL", "mysql://user:secret@host/db", "must begin with one of: postgres://"),
            ("CELERY_BROKER_URL", "http://secret@host", "must begin with one of: redis://"),
            ("CELERY_BROKER_URL", "redis.example.com:6379", "must begin with one of: redis://"),
            (
                "CELERY_BROKER_URL",
                "redis://:very/secret@host:6379/0",
                "special characters of a password as %XX",
            ),
            ("CELERY_BROKER_URL", "redis://:very#secret@host:6379/0", "/ is %2F, # is %23, @ is %40"),
            ("CELERY_BROKER_URL", "redis://:secret@host:port/0", "scheme://user:password@host:port/name"),
            ("CELERY_BROKER_URL", "redis://:secret@host/celery", "the number of a database"),
            (
                "CELERY_BROKER_URL",
                "rediss://:secret@host/0?ssl_cert_reqs=yes",
                "Write ssl_cert_reqs=required.",
            ),
            ("CELERY_BROKER_URL", "rediss://:secret@host/0?ssl_ca_certs=/no.pem", "write its whole path"),
            ("CELERY_BROKER_URL", "redis://:secret@host/0?ssl_cert_reqs=none", "Begin it with rediss://"),
            ("CELERY_RESULT_BACKEND", "redis", "must begin with one of: redis://"),
            ("CELERY_RESULT_BACKEND", "django-db", "sentinel://, rpc://"),
            ("CELERY_RESULT_BACKEND", "redis://:secret@host/first", "the number of a database"),
            (
                "CELERY_RESULT_BACKEND",
                "rediss://:secret@host/0?ssl_cert_reqs=1",
                "Write ssl_cert_reqs=required.",
            ),
            (
                "STRIPE_API_BASE",
                "http://secret.example.com",
                "unencrypted. Write https://",
            ),
            ("STRIPE_API_BASE", "secret.example.com", "must begin with one of: https://"),
            ("STRIPE_ACCOUNT", "secret", "Write acct_…, or unset it"),
            ("STRIPE_RECONCILE_HOURS", "721", "Write a whole number from 0 to 720"),
            ("RETRY_TIME_SCALE", "2", "above 0 and at most 1"),
            ("STEP_RUNS_KEPT_DAYS", "7", "Write 30 or more, or 0 to keep step runs for ever"),
            ("STEP_RUNS_KEPT_DAYS", "a year", "Write a whole number from 0"),
            ("EMAIL_UNKNOWN_OUTCOME", "pray", "Write one of: resend, hold."),
            ("LOG_FORMAT", "xml", "Write one of: human, json."),
        ],
    )
    def test_stops_the_start_and_names_the_remedy(self, name, value, remedy):
        found = settings_with({name: value})

        complaint = found.stderr.splitlines()[-1]
        assert found.returncode != 0
        assert name in complaint
        assert re.search(remedy, complaint), complaint
        assert "secret" not in complaint

    def test_of_a_time_limit_is_a_short_one_in_production(self):
        found = settings_with({**PRODUCTION, "CELERY_TASK_TIME_LIMIT": "99"})

        assert "CELERY_TASK_TIME_LIMIT is '99'. Write a whole number from 100" in found.stderr

    def test_stops_the_start_when_two_do_not_go_together(self):
        both = settings_with({"EMAIL_USE_TLS": "1", "EMAIL_USE_SSL": "1"})
        late = settings_with({"EMAIL_HOST": "smtp.example.com", "EMAIL_PORT": "465"})
        scaled = settings_with({**PRODUCTION, "RETRY_TIME_SCALE": "0.5"})

        assert "Set one of them to 0." in both.stderr
        assert "EMAIL_PORT is 465, where TLS comes first. Set EMAIL_USE_SSL=1" in late.stderr
        assert "Unset it with DJANGO_DEBUG=0." in scaled.stderr

    @pytest.mark.parametrize(
        "command",
        [
            ("manage.py", "check"),
            ("-m", "celery", "-A", "rms_backend", "worker"),
            ("-m", "celery", "-A", "rms_backend", "beat"),
            ("-m", "granian", "--interface", "wsgi", "--port", "0", "rms_backend.wsgi:application"),
        ],
        ids=["manage.py", "worker", "beat", "web"],
    )
    def test_stops_the_start_of_every_command(self, command):
        told = environment_of({"EMAIL_PORT": "smtp"})

        found = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=told,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

        assert found.returncode != 0
        assert "EMAIL_PORT is 'smtp'. Write a whole number" in found.stdout + found.stderr


class TestVariable:
    """
    Each variable of the seed ends in the setting it names; the real thing is in tests/acceptance.
    """

    @pytest.mark.parametrize(
        ("name", "value", "setting"),
        [
            ("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
            ("CELERY_RESULT_BACKEND", "redis://127.0.0.1:6379/1", "redis://127.0.0.1:6379/1"),
            ("CELERY_TASK_TIME_LIMIT", "120", 120),
            ("CELERY_WORKER_PREFETCH_MULTIPLIER", "3", 3),
            ("EMAIL_HOST", "smtp.gmail.com", "smtp.gmail.com"),
            ("EMAIL_HOST", "2001:db8::25", "2001:db8::25"),
            ("EMAIL_PORT", "2525", 2525),
            ("EMAIL_USE_TLS", "1", True),
            ("EMAIL_USE_TLS", "0", False),
            ("DEFAULT_FROM_EMAIL", "Pizza <noreply@pizza.example>", "Pizza <noreply@pizza.example>"),
        ],
    )
    def test_ends_in_its_setting(self, name, value, setting):
        found = settings_with({"EMAIL_HOST": "smtp.example.com", name: value}, name)

        assert found.stdout.strip() == repr(setting), found.stderr

    def test_of_the_result_backend_follows_the_broker_where_it_is_not_set(self):
        broker = "rediss://rms:x@redis.example.com:6380/0"

        found = settings_with({"CELERY_BROKER_URL": broker}, "CELERY_RESULT_BACKEND")

        assert found.stdout.strip() == repr(broker)

    def test_of_tls_yields_to_the_other_kind_where_it_is_not_set(self):
        found = settings_with({"EMAIL_HOST": "smtp.example.com", "EMAIL_USE_SSL": "1"}, "EMAIL_USE_TLS")

        assert found.stdout.strip() == "False"

    @pytest.mark.parametrize(
        ("query", "verifies"),
        [
            ("", "CERT_REQUIRED"),
            ("?ssl_cert_reqs=required", "CERT_REQUIRED"),
            ("?ssl_cert_reqs=none", "CERT_NONE"),
        ],
    )
    def test_of_the_broker_verifies_certificates_unless_it_says_no(self, query, verifies):
        broker = f"rediss://rms:x@redis.example.com:6380/0{query}"

        for setting in ("CELERY_BROKER_USE_SSL", "CELERY_REDIS_BACKEND_USE_SSL"):
            found = settings_with({"CELERY_BROKER_URL": broker}, setting)
            assert f"VerifyMode.{verifies}" in found.stdout, found.stderr


class TestReconciliation:
    @pytest.mark.parametrize(
        ("told", "scheduled"),
        [
            ({}, "['watch', 'forget']"),
            ({"STRIPE_SECRET_KEY": "sk_test_1"}, "['watch', 'reconcile', 'forget']"),
            ({"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_RECONCILE_HOURS": "0"}, "['watch', 'forget']"),
        ],
    )
    def test_is_scheduled_where_there_is_a_key_unless_somebody_does_not_want_it(self, told, scheduled):
        found = settings_with(told, "CELERY_BEAT_SCHEDULE and list(settings.CELERY_BEAT_SCHEDULE)")

        assert found.stdout.strip() == scheduled, found.stderr


class TestForgetting:
    def test_is_not_scheduled_where_step_runs_are_kept_for_ever(self):
        found = settings_with(
            {"STEP_RUNS_KEPT_DAYS": "0"}, "CELERY_BEAT_SCHEDULE and list(settings.CELERY_BEAT_SCHEDULE)"
        )

        assert found.stdout.strip() == "['watch']", found.stderr


class TestTimeLimit:
    @pytest.mark.parametrize(("limit", "soft"), [("", 270), ("300", 270), ("90", 60), ("40", 20), ("2", 1)])
    def test_interrupts_half_a_minute_before_it_kills_and_half_way_when_it_is_short(self, limit, soft):
        found = settings_with({"CELERY_TASK_TIME_LIMIT": limit}, "CELERY_TASK_SOFT_TIME_LIMIT")

        assert found.stdout.strip() == str(soft), found.stderr


class TestIsolatedRun:
    def test_sees_no_address_of_the_outside(self):
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("ISOLATED_CELERY")},
            "CELERY_BROKER_URL": "redis://real.example.com/0",
            "DATABASE_URL": "postgres://real.example.com/rms",
            "EMAIL_HOST": "real.example.com",
        }
        code = (
            "import django; django.setup(); from django.conf import settings as s; from rms_backend import celery_app;"
            "print(s.CELERY_BROKER_URL, celery_app.conf.broker_url, s.DATABASES, s.EMAIL_HOST)"
        )

        found = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )

        assert "real.example.com" not in found.stdout


# Refused outside of isolated runs, so nobody is told of it.
FOR_TESTS_ONLY = {"CRASH_AT"}


class TestExampleOfTheEnvironment:
    def test_names_every_variable_that_is_read_and_no_other(self):
        read = set(
            re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "rms_backend" / "settings.py").read_text())
        )
        told = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

        read -= FOR_TESTS_ONLY
        assert told == read, (
            f"missing: {sorted(read - told)}, too many: {sorted(told - read)}. Mend .env.example."
        )


class TestDocumentedCommands:
    def test_of_make_exist(self):
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
        named = {word for page in pages for word in re.findall(r"`make ([a-z-]+)", page.read_text())}

        assert named <= targets, f"documented but not there: {sorted(named - targets)}"

    def test_of_manage_exist(self):
        from django.core.management import get_commands  # noqa: PLC0415 - needs Django to be set up

        pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
        named = {word for page in pages for word in re.findall(r"manage\.py ([a-z_]+)", page.read_text())}

        assert named <= set(get_commands()) | {"help"}, (
            f"documented but not there: {sorted(named - set(get_commands()))}"
        )

    def test_of_make_are_all_explained_by_make_help(self):
        makefile = (ROOT / "Makefile").read_text()
        phony = set(re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split())
        explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))

        assert explained == phony
