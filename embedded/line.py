"""Be the line of a holder to the keeper of its home: start one, hear how far it is, ask it to stop."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from embedded.errors import EmbeddedServersFailed, last_lines
from embedded.locks import KeeperLock
from embedded.orders import Orders
from embedded.state import Stage, State

REPOSITORY = Path(__file__).resolve().parent.parent
PAUSE_SECONDS = 0.02
KEEPER_START_SECONDS = 3.0
KEEPER_STARTS = 3
NEEDED_BYTES = 100_000_000  # an empty PostgreSQL takes 65 MB, and it needs air


class KeeperLine:
    """What a holder can know of the keeper and ask of it."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.home = orders.home
        self.lock = KeeperLock(self.home / "keeper.lock")

    # Questions

    def keeper(self) -> int | None:
        return self.lock.keeper()

    def state(self) -> State | None:
        """
        What the living keeper says; None if there is none, or it has not said anything yet.
        """
        keeper = self.keeper()
        said = self.last_words()
        # A keeper in another container shows us no pid of ours: then its words have to do.
        return (
            said
            if keeper is not None and said is not None and (keeper <= 0 or said.keeper == keeper)
            else None
        )

    def ready(self) -> State | None:
        said = self.state()
        return said if said is not None and said.stage is Stage.READY else None

    def last_words(self) -> State | None:
        return State.read(self.home / "state.json")

    # Changes

    def have_it_ready(self, *, until: float) -> None:
        """
        Return when both servers answer. Whoever finds no keeper starts one; of many, one takes the lock.
        """
        before, starts, last_start = self.last_words(), 0, 0.0
        while self.ready() is None:
            if self.keeper() is None:
                self._raise_its_failure(unless=before)
                if time.monotonic() - last_start > KEEPER_START_SECONDS:
                    if starts == KEEPER_STARTS:
                        raise EmbeddedServersFailed(self._silence())
                    self._start_keeper()
                    starts, last_start = starts + 1, time.monotonic()
            if time.monotonic() > until:
                raise EmbeddedServersFailed(self._silence())
            time.sleep(PAUSE_SECONDS)

    def ask_to_stop(self) -> None:
        """
        Return when the keeper of this moment has ended.
        """
        before = self.last_words()
        if keeper := self.keeper():
            os.kill(keeper, signal.SIGTERM)
        self.wait(
            lambda: (
                self.keeper() is None
                or ((now := self.state()) is not None and before is not None and now.run != before.run)
            ),
            otherwise=f"The keeper of {self.home} (process {keeper}) does not end. Kill it and the servers by hand.",
        )

    def wait(self, happened: Callable[[], bool], *, otherwise: str, seconds: float = 60.0) -> None:
        until = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > until:
                raise EmbeddedServersFailed(otherwise)
            time.sleep(PAUSE_SECONDS)

    def _raise_its_failure(self, *, unless: State | None) -> None:
        said = self.last_words()
        is_news = said is not None and (unless is None or said.run != unless.run)
        if said is not None and is_news and said.stage is Stage.FAILED:
            raise EmbeddedServersFailed(said.because)

    def _start_keeper(self) -> None:
        self._must_have_space()
        log = self.home / "logs" / "keeper.log"
        log.parent.mkdir(mode=0o700, exist_ok=True)
        search_path = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
        with log.open("ab") as said:
            starter = subprocess.Popen(
                [sys.executable or "python3", "-P", "-m", "embedded.keeper", str(self.home)],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                cwd="/",
                env={**os.environ, "PYTHONPATH": os.pathsep.join(search_path)},
                start_new_session=True,
                umask=0o077,
                text=True,
            )
        # Not as an argument, which every user can read in the process list. It ends at once: the keeper is its fork.
        starter.communicate(self.orders.as_json())

    def _must_have_space(self) -> None:
        free = shutil.disk_usage(self.home).free
        if free < NEEDED_BYTES:
            raise EmbeddedServersFailed(
                f"The disk with {self.home} is full: {free // 1_000_000} MB are left and the embedded servers need "
                f"{NEEDED_BYTES // 1_000_000} MB. Free some space and try again."
            )

    def _silence(self) -> str:
        return (
            f"The embedded servers in {self.home} did not become ready in time. "
            f"Run `make down` and try again; the keeper's log says: {last_lines(self.home / 'logs' / 'keeper.log')}."
        )
