"""
Production's processes as this machine can run them: told everything, inheriting nothing.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_SECONDS = 90


@dataclass
class Processes:
    """
    Processes by name, in `folder`, with one log each in `logs`.
    """

    folder: Path
    logs: Path
    environment: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def base(self) -> dict[str, str]:
        """
        What every process is told: where programs are, and nothing about us.
        """
        path = f"{self.folder.parent / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin"
        return {"PATH": path, "HOME": str(self.logs), **self.environment}

    def start(self, name: str, argv: Sequence[str], **environment: str) -> None:
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                list(argv),
                cwd=self.folder,
                env={**self.base, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, argv: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            list(argv),
            cwd=self.folder,
            env={**self.base, **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def wait_until_it_says(self, name: str, words: str) -> None:
        self.wait_for(lambda: self.says(name, words), lambda: self._end_of(name), while_runs=name)

    def says(self, name: str, words: str) -> bool:
        return re.search(words, self.log(name).read_text(errors="replace")) is not None

    def stop(self, name: str, *, within: float) -> int:
        """
        TERM to the process alone, as Docker and systemd (KillMode=mixed) do it; returns its exit status.
        """
        process = self.running[name]
        process.send_signal(signal.SIGTERM)
        status = process.wait(within)
        del self.running[name]
        return status

    def wait_for(
        self, wanted: Callable[[], bool], otherwise: Callable[[], str], *, while_runs: str = ""
    ) -> None:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not wanted():
            assert time.monotonic() < give_up_at, otherwise()
            assert not while_runs or self.running[while_runs].poll() is None, otherwise()
            time.sleep(0.05)

    def end(self) -> None:
        """
        End whatever is left, with its children.
        """
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.running.clear()

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _end_of(self, name: str) -> str:
        return f"The end of the log of {name}:\n{self.log(name).read_text(errors='replace')[-3_000:]}"
