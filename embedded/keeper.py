"""
Keep the servers of one home: one detached process that outlives its callers and ends with the last holder.

It is started by a holder as `python -m embedded.keeper HOME`, with its orders on stdin. It has one thread, because the kernel's "end with
your parent" means the thread that forked.
"""

import os
import select
import signal
import sys
import time
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from secrets import token_hex

from embedded.errors import EmbeddedServersFailed
from embedded.home import Home, open_home
from embedded.locks import AliveLock, HoldersWatch, KeeperLock
from embedded.orders import Orders
from embedded.postgres import Postgres
from embedded.programs import CompanionProgram
from embedded.state import Stage, State
from embedded.valkey import Valkey
from embedded.wards import Ward

LOOK_SECONDS = 0.2
EAGER_LOOK_SECONDS = 0.01
HOLDERS_LOOK_SECONDS = 1.0


def main() -> None:
    """
    Let go of the caller, then keep.
    """
    orders = Orders.from_json(sys.stdin.read())
    if os.fork():
        os._exit(0)  # nobody's child any more: no zombie in a holder that never waits for us
    signal.pthread_sigmask(signal.SIG_SETMASK, set())  # the caller's thread may have blocked what stops us
    home = open_home(orders.home)
    lock = KeeperLock(home.path / "keeper.lock")
    if lock.take():
        Keeper(orders, home, lock).run()


class Keeper:
    """Two servers, their companions, and one question: does anybody still need them?"""

    def __init__(self, orders: Orders, home: Home, lock: KeeperLock) -> None:
        self.orders = orders
        self.home = home
        self.lock = lock
        self.name = token_hex(8)
        self.stage = Stage.STARTING
        self.servers: list[Ward] = []
        self.companions: list[Ward] = []
        self._asked_to_stop = False
        self._next_holders_look = 0.0
        self._last_state: State | None = None

    def run(self) -> None:
        """
        The whole life of a keeper.
        """
        because = ""
        try:
            self._listen_for_signals()
            self._publish()
            self._take_charge()
            self._keep()
        except EmbeddedServersFailed as failed:
            because = str(failed)
        except Exception as error:  # noqa: BLE001 - whatever it is, the holders who wait must hear of it
            traceback.print_exc()
            because = f"The keeper failed: {error!r}. See {self.home.log('keeper')}."
        self._wind_up(because)

    def _listen_for_signals(self) -> None:
        self._wake, write_end = os.pipe()
        os.set_blocking(write_end, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for stop in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(stop, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # an ended server wakes us at once

    def _ask_to_stop(self, *_: object) -> None:
        self._asked_to_stop = True

    def _take_charge(self) -> None:
        _say("keeper.started", home=self.home.path, pid=os.getpid())
        self.home.make_folders()
        self.watch = HoldersWatch(self.home.path / "holders.lock")
        durable = self.orders.durable
        self.servers = [
            Ward(program, hold_flag=self.home.hold_flag(program.name))
            for program in (Valkey(self.home, durable), Postgres(self.home, durable))
        ]
        for server in self.servers:
            self.home.hold_flag(server.program.name).unlink(
                missing_ok=True
            )  # of a test that never released it
        self.companions = [
            Ward(
                CompanionProgram(
                    companion=companion,
                    home=self.home.path,
                    log=self.home.log(companion.name),
                    alive=AliveLock(self.home.alive(companion.name)),
                ),
                is_server=False,
            )
            for companion in self.orders.companions
        ]

    def _keep(self) -> None:
        while not self._asked_to_stop and self.lock.is_at_home() and not self._nobody_needs_us():
            for server in self.servers:
                server.look()
            is_ready = all(server.is_settled for server in self.servers)
            self.stage = Stage.READY if is_ready else Stage.STARTING
            self._publish()
            if is_ready:
                for companion in self.companions:
                    companion.look()
            self._wait(LOOK_SECONDS if is_ready else EAGER_LOOK_SECONDS)

    def _nobody_needs_us(self) -> bool:
        if time.monotonic() < self._next_holders_look:
            return False
        self._next_holders_look = time.monotonic() + min(HOLDERS_LOOK_SECONDS, self.orders.grace_seconds / 4)
        return self.watch.nobody_for(self.orders.grace_seconds)

    def _wait(self, seconds: float) -> None:
        if select.select([self._wake], [], [], seconds)[0]:
            os.read(self._wake, 4096)

    def _publish(self, because: str = "") -> None:
        pids = {server.program.name: server.pid for server in self.servers if server.pid is not None}
        state = State(run=self.name, keeper=os.getpid(), stage=self.stage, pids=pids, because=because)
        if state != self._last_state and self.lock.is_at_home():
            path = self.home.path / "state.json"
            try:
                state.write(path)
            except OSError:
                path.unlink(missing_ok=True)  # a full disk: better no word than an old "ready"
                raise
            self._last_state = state
            _say(f"keeper.{state.stage}", **pids, because=because)

    def _wind_up(self, because: str) -> None:
        """
        First nobody is told "ready" any more, then the servers stop, then the locks go with this process.
        """
        if not self.lock.is_at_home():
            self._leave_nothing()
            return
        self.stage = Stage.STOPPING
        with suppress(OSError):
            self._publish()
        for ward in [*self.companions, *reversed(self.servers)]:
            ward.stop()
        if because:
            self.stage = Stage.FAILED
            with suppress(OSError):
                self._publish(because)
        _say("keeper.ended", because=because)

    def _leave_nothing(self) -> None:
        """
        The checkout is gone. Killed and not asked: a server that ends in order would remove its socket, which may be
        the socket of the next checkout at this path by now.
        """
        _say("keeper.home_is_gone", home=self.home.path)
        for ward in [*self.companions, *self.servers]:
            ward.abandon()
        if self.lock.was_deleted():
            self.home.remove_outside()


def _say(event: str, **fields: object) -> None:
    said = " ".join(f"{name}={value}" for name, value in fields.items() if value != "")
    with suppress(OSError):  # a full disk must not stop the keeper from stopping
        print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f} {event} {said}", flush=True)  # noqa: T201 - stdout is our log


if __name__ == "__main__":
    main()
