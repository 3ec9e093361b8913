"""
The processes of the show: started, watched, killed on purpose, and gone at the end whatever happens.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

READY_WITHIN_SECONDS = 60
PR_SET_PDEATHSIG = 1
LANES = {
    "dispatcher": ("post_payment", 1),
    "senders": ("emails,pos_sync", 2),
    "counters": ("analytics,loyalty,inventory,default", 1),
}


class DidNotStart(RuntimeError):
    """
    A process of the show ended, or never became ready; the sentence quotes its log.
    """


@dataclass
class Crew:
    """
    Processes by name. Their logs are in `logs`, their ids in `logs/../crew.json` for `make down`.
    """

    environment: Mapping[str, str]
    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *argv: str) -> None:
        """
        Start one of Python's programs in a group of its own, which ends when we do.
        """
        self.start_command(name, sys.executable, "-m", *argv)

    def start_command(self, name: str, *command: str, directory: Path | None = None) -> None:
        """
        Start any command in the same way.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                cwd=directory,
                env=self.told(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_the_parent,  # noqa: PLW1509 - one thread, one system call
            )
        self._write_down()

    def told(self) -> dict[str, str]:
        """
        The whole environment of a process of the crew.
        """
        return {**_inherited(), **self.environment}

    def start_worker(self, name: str) -> None:
        """
        Start the worker of some lanes, as `celery -A rms_backend worker --queues=…` would.
        """
        queues, concurrency = LANES[name]
        self.start(
            name, "celery", "-A", "rms_backend", "worker", f"--queues={queues}", f"--concurrency={concurrency}",
            f"--hostname={name}@%h", "--loglevel=info",
        )  # fmt: skip

    def run(self, *command: str, directory: Path | None = None) -> subprocess.CompletedProcess[str]:
        """
        Carry out a command to its end; the answer has its output, its complaints mixed in, and how it ended.
        """
        return subprocess.run(
            command,
            cwd=directory,
            env=self.told(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=READY_WITHIN_SECONDS,
            check=False,
        )

    def wait_for(self, name: str, ready: Callable[[], bool]) -> None:
        """
        Wait until the process says that it is ready.
        """
        give_up_at = time.monotonic() + READY_WITHIN_SECONDS
        while not ready():
            if self.running[name].poll() is not None or time.monotonic() > give_up_at:
                raise DidNotStart(f"{name} did not start. The end of its log:\n{self._end_of_log(name)}")
            time.sleep(0.1)

    def says(self, name: str, words: str) -> bool:
        """
        Has the process written these words to its log?
        """
        return words in (self.logs / f"{name}.log").read_text(errors="replace")

    def kill(self, name: str) -> None:
        """
        Kill -9 the process and all its children.
        """
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def dismiss(self) -> None:
        """
        End everything that still runs: first politely, after fifteen seconds not.
        """
        for process in self.running.values():
            _signal(process, signal.SIGTERM)
        give_up_at = time.monotonic() + 15
        for process in self.running.values():
            try:
                process.wait(max(0.1, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # its children too: nobody else would end them
                process.wait()
        self.running.clear()
        self._write_down()

    def _write_down(self) -> None:
        pids = {name: process.pid for name, process in self.running.items()}
        (self.logs.parent / "crew.json").write_text(json.dumps(pids))

    def _end_of_log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")[-2_000:]


def free_port(wanted: int) -> int:
    """
    The wanted port of this machine, or the next free one.
    """
    for port in range(wanted, wanted + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise DidNotStart(f"No port from {wanted} to {wanted + 99} is free.")


def any_free_port() -> int:
    """
    A port that the system says nobody has.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _inherited() -> dict[str, str]:
    # What an isolated run was told is for itself: its processes are told anew. `celery` is the one of our environment.
    told = {name: value for name, value in os.environ.items() if not name.startswith("ISOLATED_")}
    return told | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{told.get('PATH', os.defpath)}"}


def _end_with_the_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        process.send_signal(number)
