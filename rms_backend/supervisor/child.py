"""
One process in the supervisor's care: started, watched, started again, stopped.
"""

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress
from enum import StrEnum
from functools import partial

from rms_backend.environment import ROOT, environment_of_a_child
from rms_backend.supervisor import ports
from rms_backend.supervisor.names import Name
from rms_backend.supervisor.output import Output
from rms_backend.supervisor.patience import Patience
from rms_backend.supervisor.plan import Planned
from rms_backend.supervisor.wording import Voice, how_it_ended, ordinal

PR_SET_PDEATHSIG = 1
STARTS_USUALLY_WITHIN_SECONDS = 30


class State(StrEnum):
    """
    Where a child stands.
    """

    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    GIVEN_UP = "given up"


class Child:
    """
    A planned process under its name. Every change of its state is said in one line.
    """

    def __init__(self, planned: Planned, name: Name, voice: Voice) -> None:
        self.planned = planned
        self.name = name
        self.state = State.STOPPED
        self.patience = Patience()
        self.last_words: list[str] = []
        self._voice = voice
        self._process: subprocess.Popen[bytes] | None = None
        self._output: Output | None = None
        self._port: int | None = None
        self._since = 0.0
        self._hint_after = 0.0

    # Questions

    @property
    def has_ended(self) -> bool:
        return self.state in (State.STOPPED, State.GIVEN_UP)

    @property
    def speaks_at(self) -> int | None:
        """
        The descriptor from which its words can be read.
        """
        return self._output.descriptor if self._output is not None and self._output.is_open else None

    def __str__(self) -> str:
        about = [f"pid {self._process.pid}"] if self._process else []
        about += [f"queues {','.join(self.planned.queues)}"] if self.planned.queues else []
        about += [f"http://127.0.0.1:{self._port}"] if self._port else []
        return f"{self.name.text} ({'; '.join(about)})" if about else self.name.text

    # Changes

    def start(self, now: float) -> None:
        """
        Start it, or take the system's refusal for a quick death.
        """
        self.name.ready_file.unlink(missing_ok=True)
        try:
            self._spawn()
        except (OSError, ports.NoPortIsFree) as refusal:
            self.last_words = [str(refusal)]
            self._mourn(now, because=f"a start that failed: {refusal}", ready_seconds=None)
        else:
            self._become(State.STARTING, now)

    def look(self, now: float) -> None:
        """
        One look: pass on its words, mourn it, greet it, start it again.
        """
        self._listen()
        if self._process is not None and self._process.poll() is not None:
            self._note_end(self._process, now)
        elif self.state is State.STARTING and self._is_ready():
            self._become(State.READY, now)
        elif self.state is State.STARTING and now >= self._since + self._hint_after:
            self._hint_after = float("inf")
            self._voice.say(
                f"{self}: still starting after {STARTS_USUALLY_WITHIN_SECONDS} s, see what it said"
            )
        elif self.state is State.RESTARTING and now >= self._since + self.patience.wait_seconds:
            self.start(now)

    def stop(self, now: float) -> None:
        """
        Let it finish what it is at, and take on nothing new.
        """
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._become(State.STOPPING, now)
        elif not self.has_ended:
            self._become(State.STOPPED, now)

    def kill(self) -> None:
        """
        End it and all its children at once.
        """
        if self._process is not None:
            _kill_group(self._process.pid)

    def _spawn(self) -> None:
        self._port = ports.free_port(self.planned.port) if self.planned.port else None
        self._process = subprocess.Popen(  # noqa: S603 - our own command line, from checked words
            self.planned.command(name=self.name.text, port=self._port),
            cwd=ROOT,
            env=environment_of_a_child(READY_FILE=str(self.name.ready_file)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            # A session of its own: a Ctrl-C in the terminal is for the supervisor, not for its workers.
            start_new_session=True,
            pass_fds=(self.name.lock,),
            preexec_fn=partial(_end_with, os.getpid()),  # noqa: PLW1509 - one thread, two system calls
        )
        assert self._process.stdout is not None  # noqa: S101 - told to mypy: it is a pipe
        self._output = Output(self._process.stdout)

    def _listen(self) -> None:
        if self._output is not None:
            self._voice.quote(self.name.text, self._output.lines())

    def _is_ready(self) -> bool:
        return ports.is_taken(self._port) if self._port else self.name.ready_file.exists()

    def _note_end(self, process: "subprocess.Popen[bytes]", now: float) -> None:
        how = how_it_ended(process.returncode)
        _kill_group(process.pid)  # where the system does not end the children of a worker that was killed
        self._hear_last_words()
        self._process = None
        if self.state is State.STOPPING:
            self._become(State.STOPPED, now, f" ({how})" if process.returncode else "")
        else:
            ready_seconds = now - self._since if self.state is State.READY else None
            self._mourn(now, because=f"{how} of pid {process.pid}", ready_seconds=ready_seconds)

    def _mourn(self, now: float, *, because: str, ready_seconds: float | None) -> None:
        self.patience = self.patience.after_death(ready_seconds=ready_seconds)
        if self.patience.is_exhausted:
            self._become(
                State.GIVEN_UP, now, f" after {self.patience.quick_deaths} quick deaths, last {because}"
            )
        else:
            wait, times = self.patience.wait_seconds, ordinal(self.patience.deaths)
            self._become(State.RESTARTING, now, f" in {wait} s after {because} ({times} time)")

    def _hear_last_words(self) -> None:
        if self._output is not None:
            self._voice.quote(self.name.text, self._output.rest())
            self.last_words = list(self._output.last_words)
            self._output.close()
            self._output = None

    def _become(self, state: State, now: float, how: str = "") -> None:
        self.state, self._since = state, now
        self._hint_after = STARTS_USUALLY_WITHIN_SECONDS
        self._voice.say(f"{self}: {state}{how}")


def _end_with(parent: int) -> None:
    # Politely: a worker whose supervisor was killed still finishes what it is at.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was killed just before
            os._exit(1)


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
