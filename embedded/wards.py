"""Keep one program up: start it, notice its end, start it again."""

import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from embedded.errors import EmbeddedServersFailed, in_one_sentence, last_lines
from embedded.programs import Program, end_leftovers, spawn

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
SLOWEST_START_SECONDS = 50.0
STARTS_BEFORE_GIVING_UP = 8


class Ward:
    """One program in the keeper's care."""

    def __init__(self, program: Program, *, hold_flag: Path | None = None, is_server: bool = True) -> None:
        self.program = program
        self.is_up = False
        self.was_up = False
        self._hold_flag = hold_flag
        self._is_server = is_server
        self._process: subprocess.Popen[str] | None = None
        self._failures = 0
        self._next_start = 0.0
        self._started_at = 0.0
        self._log_began = 0

    # Questions

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.is_up else None

    @property
    def is_held(self) -> bool:
        return self._hold_flag is not None and self._hold_flag.exists()

    @property
    def is_settled(self) -> bool:
        return self.is_up or (self._process is None and self.is_held)

    # Changes

    def look(self) -> None:
        """
        One look, several times a second: hold, mourn, start, greet.
        """
        if self.is_held:
            self.kill()
            return
        if self._process is not None and self._process.poll() is not None:
            self._note_end()
        if self._process is None and time.monotonic() >= self._next_start:
            self._start()
        if self._process is not None and not self.is_up:
            self._greet()

    def stop(self) -> None:
        """
        Ask, then insist; return when none of its processes is alive.
        """
        if self._process is not None:
            for stop, patience in self.program.stops:
                self._process.send_signal(stop)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(patience)
                    break
        self._forget()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._forget()

    def abandon(self) -> None:
        """
        Kill it and look at no file: by now they may be those of another home at the same path.
        """
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _forget(self) -> None:
        if self._process is not None:
            end_leftovers(self.program, ask=lambda _owners: [])
        self._process, self.is_up, self._next_start = None, False, 0.0

    def _start(self) -> None:
        self._log_began = self.program.log.stat().st_size if self.program.log.exists() else 0
        self._started_at = time.monotonic()
        try:
            with in_one_sentence(f"start {self.program.name}"):
                self._process = spawn(self.program, self.program.prepare())
        except EmbeddedServersFailed:
            if self._is_server:
                raise
            self._postpone()

    def _note_end(self) -> None:
        status, had_been_up = self._process.returncode if self._process else 0, self.is_up
        self._process, self.is_up = None, False
        if had_been_up:
            self._failures = 0
        self._postpone()
        given_up = self._failures >= STARTS_BEFORE_GIVING_UP or not self.was_up
        if self._is_server and not had_been_up and given_up:
            raise EmbeddedServersFailed(
                f"{self.program.name} ended by itself ({_how(status)}). "
                f"Its log {self.program.log} says: {last_lines(self.program.log, since=self._log_began)}. "
                "Repair that and try again, or start afresh with `make clean` (the data is lost)."
            )

    def _postpone(self) -> None:
        pause = min(FIRST_PAUSE_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
        self._failures += 1
        self._next_start = time.monotonic() + pause

    def _greet(self) -> None:
        if self.program.answers():
            self.is_up = self.was_up = True
        elif time.monotonic() - self._started_at > SLOWEST_START_SECONDS and not self.was_up:
            raise EmbeddedServersFailed(
                f"{self.program.name} does not answer after {SLOWEST_START_SECONDS:.0f} seconds. "
                f"Its log {self.program.log} says: {last_lines(self.program.log, since=self._log_began)}."
            )


def _how(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
