"""
A house of the real product for the figures of the outside lanes: servers, workers as processes, and a lean outside.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg

from benchmarks.lanes.processes import cpu_seconds
from benchmarks.lanes.sink import Mood
from devtools.show.crew import Crew, any_free_port
from embedded import Addresses, Servers

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120
SINKS = {"mail": "benchmarks.lanes.mail_sink", "till": "benchmarks.lanes.till_sink"}
NOT_DONE = "SELECT count(*) FROM pipeline_steprun WHERE step LIKE %s AND state <> 'done'"


class Unfinished(RuntimeError):
    """
    What was promised was not done in time, or not exactly once.
    """


@dataclass
class House:
    """
    Everything that runs, and how to ask it.
    """

    servers: Servers
    addresses: Addresses
    crew: Crew
    ports: dict[str, int]

    # Processes

    def open_sink(self, name: str, *, mood: Mood = Mood.WELL, seconds: float = 0.05) -> None:
        """
        Start the mail server or the till anew, in this mood.
        """
        self.close(name)
        (self.crew.logs / f"{name}.log").unlink(missing_ok=True)
        self.crew.start(
            name, SINKS[name], "--port", str(self.ports[name]), "--truth", str(self._truth(name)),
            "--mood", mood.value, "--seconds", str(seconds),
        )  # fmt: skip
        self.crew.wait_for(name, lambda: self.crew.says(name, "serves"))

    def start_worker(self, name: str, *options: str) -> None:
        """
        One worker; return when it is ready.
        """
        self.crew.start(
            name, "celery", "-A", "rms_backend", "worker", f"--hostname={name}@%h", "--loglevel=info", *options
        )  # fmt: skip
        self.crew.wait_for(name, lambda: self.crew.says(name, "ready."))

    def close(self, *names: str) -> None:
        """
        End these processes as a person would, and at the end not so politely: somebody may hang.
        """
        for name in names:
            process = self.crew.running.get(name)
            if process is None:
                continue
            if name in SINKS:
                process.terminate()
                process.wait(10)
                del self.crew.running[name]
            else:
                self.crew.kill(name)

    # Orders

    def place(self, count: int, *steps: str) -> list[str]:
        """
        Paid orders that wait for these steps; returns their references.
        """
        done = self.crew.run(
            sys.executable, "-m", "benchmarks.lanes.placing", str(count), *steps, directory=ROOT
        )
        if done.returncode:
            raise Unfinished(f"The orders were not placed:\n{done.stdout[-2000:]}")
        references: list[str] = json.loads(done.stdout.splitlines()[-1])
        return references

    def wait_until_done(self, *steps: str, within_seconds: float = PATIENCE_SECONDS) -> None:
        """
        Wait until no run of these steps is open any more.
        """

        def open_runs() -> int:
            return sum(int(self.ask(NOT_DONE, f"%{step}%")[0][0]) for step in steps)

        wait_for(lambda: not open_runs(), otherwise=f"{steps} not done", within_seconds=within_seconds)

    # Questions

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """
        Ask the database.
        """
        return self._line.execute(statement, values).fetchall()

    def truth(self, name: str) -> dict[str, Any]:
        """
        What came to a sink since it was last asked.
        """
        written = self._truth(name)
        written.unlink(missing_ok=True)
        self.crew.running[name].send_signal(signal.SIGUSR1)
        wait_for(written.exists, otherwise=f"{name} does not tell", within_seconds=10)
        told: dict[str, Any] = json.loads(written.read_text())
        return told

    def cpu_seconds(self) -> float:
        """
        What the product has used so far: workers, PostgreSQL and the broker, without the outside.
        """
        workers = [process.pid for name, process in self.crew.running.items() if name not in SINKS]
        return cpu_seconds([*workers, self.servers.postgres_pid, self.servers.broker_pid])

    def __post_init__(self) -> None:
        self._line = psycopg.connect(
            host=self.addresses.postgres_host, port=self.addresses.postgres_port, user=self.addresses.postgres_user,
            password=self.addresses.postgres_password, dbname=self.addresses.postgres_database, autocommit=True,
        )  # fmt: skip

    def _truth(self, name: str) -> Path:
        return self.crew.logs / f"{name}.json"


@contextmanager
def open_house() -> Iterator[House]:
    """
    A house with empty tables and nobody at work, gone at the end. It stands in var/, or in $LANES_ROOM: on a machine whose
    disk is busy with other things, commits take seconds now and then, and a room in memory leaves that out.
    """
    room = Path(os.environ.get("LANES_ROOM", ROOT / "var")) / f"lanes-{os.getpid()}"
    ports = {name: any_free_port() for name in SINKS}
    with ExitStack() as stack:
        servers = Servers(room)
        stack.callback(servers.remove)
        addresses = servers.ensure_running()
        crew = Crew(environment=_told(room, ports), logs=Path(mkdtemp(prefix="rms-lanes-")) / "logs")
        crew.logs.mkdir()
        stack.callback(crew.dismiss)
        migrated = crew.run(sys.executable, "manage.py", "migrate", "--verbosity=0", directory=ROOT)
        if migrated.returncode:
            raise Unfinished(migrated.stdout)
        yield House(servers=servers, addresses=addresses, crew=crew, ports=ports)


def wait_for(wanted: Callable[[], object], *, otherwise: str, within_seconds: float) -> None:
    """
    Look every few moments; raises Unfinished when the time is over.
    """
    give_up_at = time.monotonic() + within_seconds
    while not wanted():
        if time.monotonic() > give_up_at:
            raise Unfinished(f"{otherwise} within {within_seconds:.0f} s.")
        time.sleep(0.1)


def exactly_once(came: dict[str, int], wanted: Sequence[str]) -> None:
    """
    Raise where anything that was wanted is missing or came twice.
    """
    missing = set(wanted) - came.keys()
    twice = [name for name in wanted if came.get(name, 0) > 1]
    if missing or twice:
        raise Unfinished(f"{len(missing)} of {len(wanted)} never came, {len(twice)} came more than once.")


def _told(room: Path, ports: dict[str, int]) -> dict[str, str]:
    return {
        "RMS_ISOLATED": "1",
        "DJANGO_SETTINGS_MODULE": "rms_backend.settings",
        "ISOLATED_EMBEDDED_HOME": str(room),
        "ISOLATED_EMAIL_HOST": "127.0.0.1",
        "ISOLATED_EMAIL_PORT": str(ports["mail"]),
        "ISOLATED_EMAIL_USE_TLS": "0",
        "ISOLATED_SQUARE_BASE_URL": f"http://127.0.0.1:{ports['till']}",
        "ISOLATED_SQUARE_ACCESS_TOKEN": "token",
        "ISOLATED_POS_ORDERS_PER_SECOND": "0",
    }
