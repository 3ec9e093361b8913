"""Give a process the servers of one home: where they are, that they run, that they stop."""

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from weakref import WeakSet

from embedded.addresses import Addresses
from embedded.errors import EmbeddedServersFailed, in_one_sentence
from embedded.home import find_home, open_home
from embedded.line import REPOSITORY, KeeperLine
from embedded.locks import HoldersLock
from embedded.orders import COMPANION_OF, Companion, Orders

DEADLINE_SECONDS = 60.0
SERVERS = ("postgres", "broker")


def checkout_servers() -> "Servers":
    """
    The servers of this checkout.
    """
    return Servers(REPOSITORY / "var" / "embedded")


class Servers:
    """
    One PostgreSQL and one broker, shared by all processes that name the same home.

    The process that starts them decides how they run: `durable`, `grace_seconds` and `companions` of the
    processes that find them running are not looked at.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        grace_seconds: float = 5.0,
        companions: Sequence[Companion] = (),
    ) -> None:
        self.home = Path(os.path.realpath(home))
        self._line = KeeperLine(
            Orders(home=self.home, durable=durable, grace_seconds=grace_seconds, companions=tuple(companions))
        )
        self._holders = HoldersLock(self.home / "holders.lock")
        self._addresses: Addresses | None = None
        self._turn = threading.Lock()
        _everywhere.add(self)

    # Questions

    def addresses(self) -> Addresses:
        """
        Where the servers are or will be; starts nothing.
        """
        if self._addresses is None:
            home = open_home(self.home)
            self._addresses = Addresses.of(
                home=home.path, postgres_room=home.postgres_sockets, broker_socket=home.broker_socket
            )
        return self._addresses

    def is_running(self) -> bool:
        return self._line.ready() is not None

    @property
    def postgres_pid(self) -> int:
        return self._pid("postgres")

    @property
    def broker_pid(self) -> int:
        return self._pid("broker")

    @property
    def keeper_pid(self) -> int:
        if not (pid := self._line.keeper()):
            raise EmbeddedServersFailed("The embedded servers do not run. Call ensure_running() first.")
        return pid

    # Changes

    def ensure_running(self) -> Addresses:
        """
        Hold the servers for the rest of this process's life, and return when both answer.

        Cheap when they do: some file status calls, no connection.
        """
        until = time.monotonic() + DEADLINE_SECONDS
        with self._turn, in_one_sentence("start the embedded servers"):
            if not (self._holders.is_held() or self._is_companion()):
                self._addresses = None  # the home may have been removed and made again
                self.addresses()
                self._holders.hold(until=until)
            if not self.is_running():
                self._line.have_it_ready(until=until)
            return self.addresses()

    def stop(self) -> None:
        """
        Stop the servers, whoever holds them. A holder's next connection starts them again.
        """
        self._line.ask_to_stop()

    def remove(self) -> None:
        """
        Stop the servers and delete everything they made, also outside the checkout.
        """
        self.stop()
        if (home := find_home(self.home)) is not None:
            home.remove()
        self._addresses = None

    def hold(self, name: str) -> None:
        """
        Kill a server and keep it down until `release`, or until the keeper ends.
        """
        self._hold_flag(name).touch()
        self._line.wait(
            lambda: self._line.keeper() is None or self._is_up(name) is False,
            otherwise=f"{name} is still up.",
        )

    def release(self, name: str) -> None:
        """
        Let a held server come back; return when it answers.
        """
        self._hold_flag(name).unlink(missing_ok=True)
        self._line.wait(
            lambda: self._line.keeper() is None or self._is_up(name) is True,
            otherwise=f"{name} did not come back. Its log is {self.home / 'logs' / name}.log.",
        )

    def _is_companion(self) -> bool:
        # A companion that held its own servers would keep them, and itself, for ever.
        return os.environ.get(COMPANION_OF) == str(self.home)

    def _is_up(self, name: str) -> bool | None:
        said = self._line.ready()
        return None if said is None else name in said.pids

    def _pid(self, name: str) -> int:
        said = self._line.state()
        if said is None or name not in said.pids:
            raise EmbeddedServersFailed(
                f"{name} does not run now. Call ensure_running() first, or release() it."
            )
        return said.pids[name]

    def _hold_flag(self, name: str) -> Path:
        if name not in SERVERS:
            raise ValueError(f"{name!r} is no server. Say one of {', '.join(SERVERS)}.")
        return self.home / f"hold-{name}"

    def renew_turn(self) -> None:
        self._turn = threading.Lock()


_everywhere: WeakSet[Servers] = WeakSet()


def _renew_turns() -> None:
    # A child forked while another thread has its turn would wait for a thread that it does not have.
    for servers in list(_everywhere):
        servers.renew_turn()


os.register_at_fork(after_in_child=_renew_turns)
