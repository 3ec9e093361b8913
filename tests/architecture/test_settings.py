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
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ISOLATED_", "CELERY_"))
    }
    environment |= {f"ISOLATED_{name}": value for name, value in told.items()} | {"RMS_ISOLATED": "1"}
    environment.setdefault("ISOLATED_EMBEDDED_HOME", os.environ["ISOLATED_EMBEDDED_HOME"])
    code = f"import django; django.setup(); from django.conf import settings; print(repr(settings.{show}))"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


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
            ("EMAIL_PORT", "99999", "at most 65535|to 65535"),
            ("EMAIL_USE_TLS", "ja", "Write 1 or 0."),
            ("DATABASE_URL", "mysql://user:secret@host/db", "must begin with one of: postgres://"),
            ("CELERY_BROKER_URL", "http://secret@host", "must begin with one of: redis://"),
            ("RETRY_TIME_SCALE", "2", "above 0 and at most 1"),
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
        found = settings_with({**PRODUCTION, "CELERY_TASK_TIME_LIMIT": "89"})

        assert "CELERY_TASK_TIME_LIMIT is '89'. Write a whole number from 90" in found.stderr

    def test_stops_the_start_when_two_do_not_go_together(self):
        both = settings_with({"EMAIL_USE_TLS": "1", "EMAIL_USE_SSL": "1"})
        scaled = settings_with({**PRODUCTION, "RETRY_TIME_SCALE": "0.5"})

        assert "Set one of them to 0." in both.stderr
        assert "Unset it with DJANGO_DEBUG=0." in scaled.stderr


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


class TestExampleOfTheEnvironment:
    def test_names_every_variable_that_is_read_and_no_other(self):
        read = set(
            re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "rms_backend" / "settings.py").read_text())
        )
        told = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

        assert told == read, (
            f"missing: {sorted(read - told)}, too many: {sorted(told - read)}. Mend .env.example."
        )


class TestDocumentedCommands:
    def test_of_make_exist(self):
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
        named = {word for page in pages for word in re.findall(r"`make ([a-z]+)", page.read_text())}

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
        explained = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))

        assert explained == phony
