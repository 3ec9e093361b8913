"""
`.env` is read, in a copy of the checkout: a test must neither see nor write the one of the person who runs it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
OF_THE_SEED = """\
CELERY_BROKER_URL=redis://127.0.0.1:6379/0
CELERY_RESULT_BACKEND=redis://127.0.0.1:6379/0
CELERY_TASK_TIME_LIMIT=300
CELERY_WORKER_PREFETCH_MULTIPLIER=1

# Email configuration
EMAIL_HOST=smtp.gmail.com
EMAIL_PORT=587
EMAIL_USE_TLS=1
EMAIL_HOST_USER=your-email@gmail.com
EMAIL_HOST_PASSWORD=your-app-password
DEFAULT_FROM_EMAIL=noreply@yourrestaurant.com
"""
SHOW = """
import django; django.setup()
from django.conf import settings as s
from rms_backend import celery_app
print(celery_app.conf.broker_url, celery_app.backend.as_uri(include_password=True), s.EMAIL_HOST, s.EMAIL_PORT,
      s.EMAIL_USE_TLS, s.EMAIL_HOST_USER, s.EMAIL_HOST_PASSWORD, s.DEFAULT_FROM_EMAIL,
      celery_app.conf.task_time_limit, celery_app.conf.worker_prefetch_multiplier)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    copy = tmp_path_factory.mktemp("checkout") / "rms"
    leave_out = shutil.ignore_patterns(".*", "var", "logs", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=leave_out)
    return copy


@pytest.fixture
def run(checkout):
    """
    Run Python in the copy with this `.env`, with nothing of ours in the environment but what is said here.
    """

    def run_with(dotenv: str, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (checkout / ".env").write_text(dotenv)
        plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        plain |= {"DJANGO_SETTINGS_MODULE": "rms_backend.settings", **environment}
        return subprocess.run(
            [sys.executable, *argv],
            cwd=checkout,
            env=plain,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run_with


class TestDotEnv:
    def test_sets_what_it_names(self, run):
        found = run("EMAIL_PORT=2525\nCELERY_TASK_TIME_LIMIT=100\n", "-c", SHOW)

        assert " 2525 " in found.stdout, found.stderr
        assert " 100 1" in found.stdout

    def test_yields_to_the_environment(self, run):
        environment = {"EMAIL_PORT": "26", "CELERY_BROKER_URL": "redis://:x@127.0.0.1:1/5"}

        found = run("EMAIL_PORT=25\nCELERY_BROKER_URL=redis://:x@127.0.0.1:1/4\n", "-c", SHOW, **environment)

        assert found.stdout.split()[0] == "redis://:x@127.0.0.1:1/5", found.stderr
        assert " 26 " in found.stdout

    def test_that_is_wrong_stops_the_start(self, run):
        found = run("EMAIL_PORT=smtp\n", "manage.py", "check")

        assert found.returncode != 0
        assert "EMAIL_PORT is 'smtp'. Write a whole number" in found.stderr

    def test_may_be_the_block_of_the_installation_guide_word_for_word(self, run):
        shown = run(OF_THE_SEED, "-c", SHOW)
        checked = run(OF_THE_SEED, "manage.py", "check")

        assert shown.stdout.split() == [
            "redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0", "smtp.gmail.com", "587", "True",
            "your-email@gmail.com", "your-app-password", "noreply@yourrestaurant.com", "300", "1",
        ], shown.stderr  # fmt: skip
        assert checked.returncode == 0, checked.stderr
        assert "The broker at 127.0.0.1 has no password." in checked.stderr

    def test_may_be_the_example_which_changes_nothing(self, run):
        found = run((ROOT / ".env.example").read_text(), "-c", SHOW)

        assert "redis+socket://" in found.stdout, found.stderr
