"""Keep a PostgreSQL of our own: made once, repaired when needed, reachable through its socket only."""

import os
import shutil
import signal
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from embedded.accounts import Account, postgres_account
from embedded.addresses import PORT, ROLE, secret
from embedded.binaries import CLEAN_ENVIRONMENT, POSTGRES_MAJOR, postgres_programs
from embedded.errors import EmbeddedServersFailed
from embedded.home import Home
from embedded.locks import AliveLock
from embedded.programs import Command, Stops, end_leftovers

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

INITDB = (
    f"--username={ROLE}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)

PROTOCOL_3 = 196608
STARTING_UP = b"C57P03\0"


@dataclass
class Postgres:
    """The database server of one home."""

    home: Home
    durable: bool
    name: str = "postgres"
    stops: Stops = ((signal.SIGINT, 30), (signal.SIGQUIT, 5), (signal.SIGKILL, 10))
    log: Path = field(init=False)
    alive: AliveLock = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.home.log(self.name)
        self.alive = AliveLock(self.home.alive(self.name))
        self.room = self.home.postgres_room
        self.data = self.room / "data"
        self._has_been_made = False

    def prepare(self) -> Command:
        end_leftovers(self, ask=self._postmaster_of)
        account = postgres_account(self.room)
        self._must_reach_its_room(account)
        programs = postgres_programs(account, room=self.home.rooms)
        self._make_data(programs, account)
        self._remove_stale_pid_file()
        settings = SETTINGS | {"unix_socket_directories": str(self.home.postgres_sockets)}
        settings |= {} if self.durable else CARELESS
        argv: list[str | Path] = [programs / "postgres", "-D", self.data]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        return Command(argv=argv, directory=self.room, account=account)

    def answers(self) -> bool:
        """
        It says "starting up" until it takes connections; any other answer (a question for the password) is good.
        """
        who = f"user\0{ROLE}\0database\0{ROLE}\0\0".encode()
        hello = struct.pack("!ii", len(who) + 8, PROTOCOL_3) + who
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(self.home.postgres_sockets / f".s.PGSQL.{PORT}"))
                connection.sendall(hello)
                answer = connection.recv(4096)
                return bool(answer) and STARTING_UP not in answer
        except OSError:
            return False

    def _postmaster_of(self, owners: list[int]) -> list[int]:
        # Only the postmaster may be asked: the same signal means something else to its children.
        return [pid for pid in owners if pid == self._noted_pid()]

    def _noted_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _must_reach_its_room(self, account: Account) -> None:
        if account.is_other and not account.can_write_in(self.room):
            raise EmbeddedServersFailed(
                f"PostgreSQL's user {account.name} cannot reach {self.room} any more. "
                "Let others pass through the folders above it again, or `make clean` (the data is lost)."
            )

    def _make_data(self, programs: Path, account: Account) -> None:
        """
        Made beside and renamed: data/ is whole or not there at all.
        """
        version = self.data / "PG_VERSION"
        if version.exists():
            if (found := version.read_text().strip()) != POSTGRES_MAJOR:
                raise EmbeddedServersFailed(
                    f"The data in {self.data} was made by PostgreSQL {found}, and this is PostgreSQL {POSTGRES_MAJOR}. "
                    "Dump it with the old version, or start afresh with `make clean`."
                )
            self._has_been_made = True
            return
        if self._has_been_made:
            raise EmbeddedServersFailed(
                f"The data in {self.data} was deleted while it was in use. Start again."
            )
        self._set_aside_half_data()
        for half in self.room.glob("data.new-*"):
            shutil.rmtree(half, ignore_errors=True)
        # A name of its own: the initdb of a keeper that was killed a moment ago may still be writing.
        fresh = self.room / f"data.new-{os.getpid()}"
        self._initdb(programs, account, fresh)
        self._run(
            account, [programs / "postgres", "--single", "-D", fresh, "postgres"], f"CREATE DATABASE {ROLE}\n"
        )
        fresh.rename(self.data)
        self._has_been_made = True

    def _set_aside_half_data(self) -> None:
        if not self.data.exists():
            return
        number = sum(1 for _ in self.room.glob("data.half-*")) + 1
        self.data.rename(self.room / f"data.half-{number}")

    def _initdb(self, programs: Path, account: Account, fresh: Path) -> None:
        password = fresh.with_suffix(".password")
        password.unlink(missing_ok=True)
        descriptor = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secret(self.home.path, "postgres_password"))
        account.owns(password)
        options = [*INITDB, f"--pwfile={password}", *([] if self.durable else ["--no-sync"])]
        try:
            self._run(account, [programs / "initdb", "-D", fresh, *options])
        finally:
            password.unlink(missing_ok=True)

    def _run(self, account: Account, argv: Sequence[str | Path], stdin: str = "") -> None:
        done = account.run(argv, env=CLEAN_ENVIRONMENT, stdin=stdin)
        with self.log.open("a") as log:
            log.write(done.stdout)
        if done.returncode != 0 or "ERROR:" in done.stdout:
            lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
            wrong = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()] or lines[
                -3:
            ]
            raise EmbeddedServersFailed(
                f"Unable to make PostgreSQL's data in {self.room}: {' | '.join(wrong[:3])}. "
                f"Repair that and try again; all of it is in {self.log}."
            )

    def _remove_stale_pid_file(self) -> None:
        """
        Nothing of ours is alive, so a pid in it, even a living one, is somebody else's by now.
        """
        pid = self._noted_pid()
        with suppress(OSError):
            if pid is not None and Path(f"/proc/{pid}/cwd").samefile(self.data):
                raise EmbeddedServersFailed(
                    f"A PostgreSQL that we did not start (process {pid}) uses {self.data}. Stop it and try again."
                )
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for left in self.home.postgres_sockets.glob(".s.PGSQL.*"):  # the socket's lock names a pid, too
            left.unlink()
