"""
Where everything is measured: a PostgreSQL and a Valkey of the run's own, the processes under test, what they cost.

One place per run, which benchmarks/opening.py opens; `here()` is it. Each figure begins with `empty()` and ends its
processes with `dismiss()`.
"""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import redis

from benchmarks import processes
from devtools.show.crew import Crew, any_free_port
from embedded import Addresses, Servers

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = "benchmarks.settings"
STRIPE_SECRET = "whsec_benchmarks"  # noqa: S105 - signs what we send to ourselves
POSTGRES, BROKER = "postgres", "broker"  # the names of the two servers among the parts that cost something

TABLES = "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_migrations'"


@dataclass(kw_only=True)
class Place:
    """
    Servers, processes by name, and the ways to ask and to empty them.
    """

    servers: Servers
    addresses: Addresses
    crew: Crew
    _line: "psycopg.Connection[Any] | None" = field(default=None, repr=False)

    # Processes

    def start(self, name: str, *argv: str, says: str, settings: str = SETTINGS, **environment: str) -> None:
        """
        Start `python -m argv…` with these settings and wait until its log says that it is ready.
        """
        (self.crew.logs / f"{name}.log").unlink(missing_ok=True)
        before = self.crew.environment
        self.crew.environment = {**before, "DJANGO_SETTINGS_MODULE": settings, **environment}
        try:
            self.crew.start(name, *argv)
        finally:
            self.crew.environment = before
        self.crew.wait_for(name, lambda: self.crew.says(name, says))

    def start_worker(
        self, name: str = "worker", *options: str, settings: str = SETTINGS, **environment: str
    ) -> None:
        """
        A worker of the product, with two processes unless the options say otherwise.
        """
        options = options or ("--concurrency=2",)
        self.start(
            name, "celery", "-A", "rms_backend", "worker", "--loglevel=info", f"--hostname={name}@%h", *options,
            says="ready.", settings=settings, **environment,
        )  # fmt: skip

    def start_web(
        self, name: str = "web", application: str = "rms_backend.wsgi:application", *, workers: int = 2,
        settings: str = SETTINGS, **environment: str,
    ) -> int:  # fmt: skip
        """
        A web server with so many processes of one thread each; returns its port on the loopback.
        """
        port = any_free_port()
        self.start(
            name, "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
            "--workers", str(workers), "--blocking-threads", "1", application,
            says=f"Started worker-{workers}", settings=settings, **environment,
        )  # fmt: skip
        for number in range(1, workers):
            self.crew.wait_for(name, partial(self.crew.says, name, f"Started worker-{number}"))
        return port

    def run(self, *argv: str, settings: str = SETTINGS) -> None:
        """
        Carry out `python -m argv…` with these settings to its end; raises CalledProcessError where it fails.
        """
        environment = {**self.crew.told(), "DJANGO_SETTINGS_MODULE": settings}
        subprocess.run(
            [sys.executable, "-m", *argv], env=environment, cwd=ROOT, check=True, capture_output=True
        )

    def freeze(self, name: str) -> None:
        """
        Let the process and its children stand still, as ready as they are.
        """
        os.killpg(self.crew.running[name].pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.killpg(self.crew.running[name].pid, signal.SIGCONT)

    def dismiss(self) -> None:
        """
        End every process that was started, also one that stands still.
        """
        for name, process in self.crew.running.items():
            if process.poll() is None:
                self.thaw(name)
        self.crew.dismiss()

    # What it costs

    def cpu_seconds(self) -> dict[str, float]:
        """
        The CPU time so far of each part: the two servers and each process that runs, with their children. What our own
        questions (`rows`) cost PostgreSQL is left out.
        """
        ours = frozenset({self.line.info.backend_pid})
        return {name: processes.cpu_seconds(pid, without=ours) for name, pid in self._parts().items()}

    def pss_bytes(self) -> dict[str, int]:
        """
        The memory of each process that runs, with its children; shared pages are divided among those who share them.
        """
        return {name: processes.pss_bytes(process.pid) for name, process in self.crew.running.items()}

    def _parts(self) -> dict[str, int]:
        started = {name: process.pid for name, process in self.crew.running.items()}
        return {POSTGRES: self.servers.postgres_pid, BROKER: self.servers.broker_pid, **started}

    # What is in it

    @property
    def line(self) -> "psycopg.Connection[Any]":
        """
        Our own connection: its backend is not counted, so it is kept for the whole run.
        """
        if self._line is None or self._line.closed:
            self._line = self.new_line()
        return self._line

    def new_line(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(**_login(self.addresses), autocommit=True)

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """
        Ask PostgreSQL; what that costs is not counted.
        """
        return self.line.execute(statement.encode(), values or None).fetchall()

    def do(self, statement: str) -> None:
        """
        Tell PostgreSQL to do something that answers nothing.
        """
        self.line.execute(statement.encode())

    def broker(self) -> redis.Redis:
        """
        A connection to the Valkey of the run.
        """
        at = self.addresses
        return redis.Redis(unix_socket_path=at.broker_socket, password=at.broker_password)

    def empty(self) -> None:
        """
        Empty every table and every queue; nobody may be at work.
        """
        [[tables]] = self.rows(TABLES)
        self.do(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        self.do("CHECKPOINT")  # not in the middle of what comes next
        with self.broker() as broker:
            broker.flushall()


_here: list[Place] = []


def settle(place: Place | None) -> None:
    """
    From now on this is the place of the run; None when it has been left.
    """
    _here[:] = [place] if place else []


def here() -> Place:
    """
    The place of this run.
    """
    if not _here:
        raise LookupError("No place is open. Run figures with `python -m benchmarks`.")
    return _here[0]


def _login(at: Addresses) -> dict[str, Any]:
    where = {"host": at.postgres_host, "port": at.postgres_port, "dbname": at.postgres_database}
    return {**where, "user": at.postgres_user, "password": at.postgres_password}
