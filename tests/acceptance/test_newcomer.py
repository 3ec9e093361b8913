"""
Somebody who holds only the page (docs/celery-task-queue.md): a copy of the checkout, a new environment with nothing but
`pip install -r requirements/celery.txt`, no variable set, and the page's commands from top to bottom.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devtools.show.crew import any_free_port
from tests.isolation import ROOT

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

PAGE = ROOT / "docs" / "celery-task-queue.md"
PATIENCE_SECONDS = 120
KEPT = (
    "HOME",
    "LANG",
    "LC_",
    "TMPDIR",
    "TERM",
    "USER",
    "LOGNAME",
    "PIP_",
    "SSL_",
    "REQUESTS_",
    "HTTP",
    "http",
    "NO_PROXY",
    "no_proxy",
)
SHELL = re.search(r"python manage\.py shell\n\n(.*?)```", PAGE.read_text(), re.DOTALL)


@dataclass(frozen=True)
class Newcomer:
    """
    A person at a terminal, in their own copy.
    """

    home: Path
    terminals: list["Terminal"] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        # Nothing of the settings of whoever runs these tests.
        kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
        return {**kept, "PATH": f"{self.home / 'venv' / 'bin'}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}

    def types(self, command: str, *, then: str | None = None, within: int = PATIENCE_SECONDS) -> str:
        """
        Type a command, and `then` into what it asks; returns all that is said, and fails if it fails.
        """
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.home,
            env=self.environment,
            input=then,
            capture_output=True,
            text=True,
            check=False,
            timeout=within,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def leaves_running(self, command: str) -> "Terminal":
        """
        Type a command into a terminal of its own and leave it there.
        """
        log = self.home / f"terminal-{time.monotonic_ns()}.txt"
        with log.open("wb") as screen:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.home,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                start_new_session=True,
            )
        self.terminals.append(Terminal(command, process, log))
        return self.terminals[-1]

    def leaves(self) -> None:
        """
        Close all terminals, whatever still runs in them, and remove what the servers left.
        """
        for terminal in self.terminals:
            with suppress(ProcessLookupError):
                os.killpg(terminal.process.pid, signal.SIGKILL)
            terminal.process.wait()
        self.types("python -m devtools.show.ending --remove")


@dataclass(frozen=True)
class Terminal:
    """
    A terminal in which something runs.
    """

    command: str
    process: subprocess.Popen[bytes]
    log: Path

    def shows(self, words: str) -> None:
        """
        Wait until it shows these words.
        """
        eventually(
            lambda: words in self.log.read_text(errors="replace"), lambda: self._told(f"never says {words!r}")
        )

    def is_ended(self) -> int:
        """
        Press Ctrl-C, and wait.
        """
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(self._told("does not end")) from None

    def _told(self, trouble: str) -> str:
        return f"$ {self.command}\n… {trouble}. It says:\n{self.log.read_text(errors='replace')[-4_000:]}"


def eventually(wanted: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not wanted():
        assert time.monotonic() < give_up_at, otherwise()
        time.sleep(0.2)


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory) -> Iterator[Newcomer]:
    home = tmp_path_factory.mktemp("newcomer") / "rms-backend"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, home / name)
    person = Newcomer(home)
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True, env=person.environment)
    try:
        person.types("pip install --quiet -r requirements/celery.txt", within=600)
        yield person
    finally:
        person.leaves()


@pytest.fixture
def worker(newcomer: Newcomer) -> Iterator[Terminal]:
    terminal = newcomer.leaves_running("celery -A rms_backend worker --loglevel=info --concurrency=4")
    terminal.shows("ready.")
    yield terminal
    assert terminal.is_ended() in (0, 1)  # Celery: 1 after Ctrl-C, also after a warm shutdown


class TestNewcomer:
    def test_carries_out_the_first_task_in_the_shell_as_the_page_says(
        self, newcomer: Newcomer, worker: Terminal
    ):
        said = newcomer.types("python manage.py shell", then=SHELL.group(1) + "\n")

        assert "Task ID: " in said
        assert "Result: {'success': True, 'order_id': 1" in said

    def test_looks_at_the_worker_as_the_page_says(self, newcomer: Newcomer, worker: Terminal):
        active = newcomer.types("celery -A rms_backend inspect active")
        registered = newcomer.types("celery -A rms_backend inspect registered")
        queues = newcomer.types("celery -A rms_backend inspect active_queues")

        assert "1 node online" in active
        assert "payments.tasks.send_order_confirmation_email_task" in registered
        assert all(f"'name': '{queue}'" in queues for queue in ("default", "post_payment", "pos_sync"))
        assert (newcomer.home / "logs" / "celery_worker.log").stat().st_size > 0

    def test_starts_beat_and_flower_as_the_page_says(self, newcomer: Newcomer, worker: Terminal):
        port = any_free_port()  # the page says 5555, which somebody else may have
        beat = newcomer.leaves_running("celery -A rms_backend beat --loglevel=info")
        flower = newcomer.leaves_running(f"celery -A rms_backend flower --port={port}")

        beat.shows("beat: Starting")
        eventually(
            lambda: answers(f"http://localhost:{port}/workers"), lambda: flower._told("does not answer")
        )

        assert [beat.is_ended(), flower.is_ended()] == [0, 0]
        assert "beat: Starting" in (newcomer.home / "logs" / "celery_beat.log").read_text()
        assert "Visit me" in (newcomer.home / "logs" / "celery_flower.log").read_text()

    def test_starts_everything_with_one_command_as_the_page_says(self, newcomer: Newcomer):
        everything = newcomer.leaves_running("python manage.py start_celery_workers --beat --flower")

        everything.shows("processes are ready")
        said = newcomer.types("python manage.py shell", then=SHELL.group(1) + "\n")

        assert "Result: {'success': True" in said
        assert everything.is_ended() == 0

    def test_starts_the_web_application(self, newcomer: Newcomer):
        port = any_free_port()
        web = newcomer.leaves_running(f"python manage.py runserver --noreload {port}")

        eventually(
            lambda: answers(f"http://127.0.0.1:{port}/admin/login/"), lambda: web._told("does not answer")
        )

        web.is_ended()

    def test_runs_the_tests_of_the_tasks_as_the_page_says(self, newcomer: Newcomer):
        tests = "manage.py test payments.tests.test_tasks"

        one_class = newcomer.types(f"python {tests}.TestEmailTasks")
        counted = newcomer.types(f"coverage run --source='.' {tests}", within=300)
        report = newcomer.types("coverage report")

        assert re.search(r"Ran [1-9]\d* tests", one_class)
        assert re.search(r"Ran [1-9]\d+ tests", counted)
        assert re.search(r"payments/tasks\.py +\d+ +0 +100%", report)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
