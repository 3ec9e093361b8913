"""
The test's side of `CRASH_AT`: wishing for a crash, and seeing that it happened.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.crashing import Action, Wish

FULFILLED_WITHIN_SECONDS = 45


class NeverFired(AssertionError):
    """
    Nobody passed the point, so nothing was tested there.
    """


@dataclass(frozen=True)
class Wishes:
    """
    The file that isolated processes look into, and what they leave beside it.
    """

    file: Path

    def wish(self, wish: Wish) -> None:
        """
        From now on, the next process that passes there obeys; what was wished before is forgotten.
        """
        self.forget()
        written = self.file.with_name("being-written")
        written.write_text(str(wish))
        written.rename(self.file)  # nobody reads half a wish

    def forget(self) -> None:
        for path in (self.file, self._fulfilled, self._resumed):
            path.unlink(missing_ok=True)

    def is_fulfilled(self) -> bool:
        return self._fulfilled.exists()

    def victim(self) -> int:
        """
        The id of the process that obeyed, once one has; raises NeverFired.
        """
        _wait(self.is_fulfilled, f"Nobody passed {self._wanted}.")
        return int(self._fulfilled.read_text().split()[0])

    def see(self, victim: int, action: Action) -> None:
        """
        Wait until the victim is dead or stands still, as wished. That one in trouble goes on.
        """
        if action is Action.KILL:
            _wait(lambda: state_of(victim) in "ZX", f"Process {victim} should be dead.")
        if action is Action.STOP:
            _wait(lambda: state_of(victim) == "T", f"Process {victim} should stand still.")

    def resume(self, victim: int) -> None:
        """
        Let a stopped process go on, and wait until it has left the point.
        """
        os.kill(victim, signal.SIGCONT)
        _wait(self._resumed.exists, f"Process {victim} did not go on.")

    @property
    def _wanted(self) -> str:
        try:
            return self.file.read_text()
        except FileNotFoundError:  # it may be granted at any moment
            return "the wish"

    @property
    def _fulfilled(self) -> Path:
        return self.file.with_name(f"{self.file.name}.fulfilled")

    @property
    def _resumed(self) -> Path:
        return self.file.with_name(f"{self.file.name}.resumed")


def state_of(process: int) -> str:
    """
    R, S, D, T (stopped) or Z as in /proc; X for one that is gone.
    """
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def _wait(wanted: Callable[[], bool], otherwise: str) -> None:
    give_up_at = time.monotonic() + FULFILLED_WITHIN_SECONDS
    while not wanted():
        if time.monotonic() > give_up_at:
            raise NeverFired(otherwise)
        time.sleep(0.01)
