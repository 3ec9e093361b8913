"""
`manage.py start_celery_workers` as a process: what it says, what it started, how it ends.
"""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import termios
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from rms_backend.supervisor.lanes import DEFAULT_LANES
from tests.acceptance.house import House
from tests.isolation import ROOT

PATIENCE_SECONDS = 120
COMMAND = [sys.executable, "manage.py", "start_celery_workers"]
WORKERS = len(DEFAULT_LANES)


class Supervised:
    """
    One run of the command. Whatever it starts carries a mark, so that nothing can hide.
    """

    def __init__(
        self, *options: str, environment: Mapping[str, str], log: Path, terminal: int | None = None
    ) -> None:
        self.log = log
        self._mark = f"SUPERVISED_IN_A_TEST={uuid.uuid4()}"
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                [*COMMAND, *options],
                cwd=ROOT,
                env={**inherited(), **environment, **dict([self._mark.split("=")])},
                stdin=subprocess.DEVNULL if terminal is None else terminal,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=None if terminal is None else make_it_our_terminal,  # noqa: PLW1509 - one system call
            )

    # Changes

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ends(self) -> int:
        """
        The exit status, once it has ended.
        """
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"It does not end. It says:\n{self.said}") from None

    def sweep_up(self) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    # Questions

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def status_lines(self) -> list[str]:
        return re.findall(r"^supervisor +\| (.+)$", self.said, re.MULTILINE)

    def processes(self) -> set[int]:
        """
        Everything alive that it started, itself included.
        """
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self._mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found.add(int(folder.name))
            except OSError:
                continue  # it has just ended
        return found

    def pid_of(self, name: str) -> int:
        """
        The process of this name that was ready last.
        """
        return int(re.findall(rf"^supervisor +\| {name} \(pid (\d+).*: ready$", self.said, re.MULTILINE)[-1])

    def wait_until_it_says(self, words: str, *, times: int = 1) -> None:
        self.wait_until(lambda: self.said.count(words) >= times)

    def wait_until_ready(self, number: int, *, times: int = 1) -> None:
        self.wait_until_it_says(f"All {number} processes are ready.", times=times)

    def wait_until_nothing_is_left(self) -> None:
        self.wait_until(lambda: not self.processes(), may_have_ended=True)

    def wait_until(self, wanted: Callable[[], bool], *, may_have_ended: bool = False) -> None:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not wanted():
            assert time.monotonic() < give_up_at, f"In vain. It says:\n{self.said}"
            assert may_have_ended or self.process.poll() is None, f"It has ended. It says:\n{self.said}"
            time.sleep(0.05)


Supervise = Callable[..., Supervised]


def inherited() -> dict[str, str]:
    # What this test run was told is for itself.
    return {name: value for name, value in os.environ.items() if not name.startswith("ISOLATED_")}


def make_it_our_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def consumed(house: House) -> dict[str, set[str]]:
    """
    What `celery inspect active_queues` tells: which node consumes which queues.
    """
    command = "celery -A rms_backend inspect active_queues --json --timeout 3"
    told = subprocess.run(
        [sys.executable, "-m", *command.split()],
        env={**inherited(), **house.crew.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return {node: {queue["name"] for queue in queues} for node, queues in json.loads(told.stdout).items()}
