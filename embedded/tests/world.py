"""The words of these tests: a home of one's own, processes that hold it, and waiting for what must happen."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from embedded import Addresses, Servers

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = 65534
GRACE_SECONDS = 0.4
QUICK: dict[str, Any] = {"durable": False, "grace_seconds": GRACE_SECONDS}


def eventually(happened: Callable[[], Any], *, within: float = 20) -> Any:
    """
    Wait for a fact, and return it.
    """
    until = time.monotonic() + within
    while not (fact := happened()):
        assert time.monotonic() < until, "It did not happen in time."
        time.sleep(0.02)
    return fact


class Holder:
    """A process of its own that holds the servers until it is let go or killed."""

    living: ClassVar[list["Holder"]] = []

    def __init__(
        self, home: Path, *, python: str = sys.executable, paths: tuple[Path, ...] = (), **settings: Any
    ):
        user, umask = settings.pop("user", None), settings.pop("umask", -1)
        inherited = [] if settings.pop("without_wheels", False) else [os.environ.get("PYTHONPATH", "")]
        search_path = os.pathsep.join([*map(str, paths), str(REPOSITORY), *inherited])
        self.process: Any = subprocess.Popen(
            [python, "-m", "embedded.tests.holder", str(home), json.dumps(QUICK | settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": search_path, "PYTHONDONTWRITEBYTECODE": "1"},
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            umask=umask,
        )
        self.living.append(self)

    def says(self) -> str:
        return str(self.process.stdout.readline()).strip()

    def is_ready(self) -> "Holder":
        assert (said := self.says()) == "ready", said + self.process.stdout.read()
        return self

    def let_go(self) -> None:
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def holding(home: Path, **settings: Any) -> Iterator[Holder]:
    holder = Holder(home, **settings).is_ready()
    try:
        yield holder
    finally:
        with suppress(BrokenPipeError):
            holder.let_go()


def query(addresses: Addresses, sql: str, **others: Any) -> Any:
    """
    The first value of the first row.
    """
    told: dict[str, Any] = {
        "host": addresses.postgres_host,
        "port": addresses.postgres_port,
        "user": addresses.postgres_user,
        "password": addresses.postgres_password,
        "dbname": addresses.postgres_database,
    }
    with psycopg.connect(**(told | others), autocommit=True) as connection:
        cursor = connection.execute(sql)
        return (cursor.fetchone() or [None])[0] if cursor.description else None


def broker(addresses: Addresses, *, password: str | None = None) -> redis.Redis:
    """
    A client that tries once, so that a refusal comes at once.
    """
    return redis.Redis(
        unix_socket_path=addresses.broker_socket,
        password=addresses.broker_password if password is None else password,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def is_alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def processes_of(place: Path) -> list[str]:
    """
    Every process that names this place on its command line or works in it.
    """
    found = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and int(process.name) != os.getpid():
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if str(place) in line or str((process / "cwd").readlink()).startswith(str(place)):
                    found.append(f"{process.name}: {line}")
    return found


def are_gone(servers: Servers) -> bool:
    return not servers.is_running() and not [
        line for line in processes_of(servers.home) if "holder" not in line
    ]
