"""
Production on this machine: the image's files in a folder, its settings, and addresses of loopback servers for Compose's.
"""

import re
import secrets
import socket
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from devtools.mailbox import running_mailbox
from devtools.show.crew import any_free_port
from devtools.till import running_till
from embedded import Servers
from embedded.binaries import broker_program
from tests.acceptance.conftest import LOCATIONS, our_database
from tests.acceptance.house import SECRET, House
from tests.deploy import compose, units
from tests.deploy.compose import Service
from tests.deploy.image import build
from tests.deploy.processes import Processes
from tests.isolation import ROOT

# Debian's and the wheel's server take the same options; these two come last and win.
REDIS_SERVER = '#!/bin/sh\nexec "{program}" "$@" --bind 127.0.0.1 --port {port}\n'


@dataclass
class Production:
    """
    What runs, and what it is told.
    """

    processes: Processes
    house: House
    told: dict[str, str]  # what an operator writes into .env
    places: dict[str, str]  # what Compose and systemd have, and what stands for it here

    @property
    def services(self) -> dict[str, Service]:
        return compose.services(self.told)

    @property
    def flower_port(self) -> str:
        return self.places["5555"]

    def local(self, text: str) -> str:
        """
        The same with the places of this machine.
        """
        longest_first = sorted(self.places, key=len, reverse=True)
        anywhere = "|".join(rf"(?<!\w){re.escape(place)}(?!\w)" for place in longest_first)
        return re.sub(anywhere, lambda match: self.places[match[0]], text)

    def environment(self, name: str) -> dict[str, str]:
        service = self.services[name]
        told = self.told if "env_file" in service.told else {}
        return {key: self.local(value) for key, value in {**told, **service.environment}.items()}

    def command(self, name: str) -> list[str]:
        return [self.local(word) for word in self.services[name].command]

    def start(self, name: str) -> None:
        """
        Start a service of the Compose file.
        """
        self.processes.start(name, self.command(name), **self.environment(name))

    def wait_for_flower(self, name: str = "flower") -> None:
        """
        Wait until Flower answers; what is told to end before that sometimes does not hear it.
        """
        page = f"http://127.0.0.1:{self.flower_port}/healthcheck"
        self.processes.wait_for(lambda: _answers(page), lambda: f"{page} does not answer", while_runs=name)

    def run(self, name: str, *argv: str):
        """
        Run a command as in the container of a service, and wait for its end.
        """
        return self.processes.run([self.local(word) for word in argv], **self.environment(name))

    def check(self, name: str):
        """
        The health check of a service.
        """
        return self.run(name, *self.services[name].check)


@contextmanager
def running_production(folder: Path, home: Path, django_db_blocker) -> Iterator[Production]:
    """
    Database, broker, mailbox and till, with all tables made; no web and no worker yet.
    """
    with ExitStack() as stack:
        servers = Servers(home)
        addresses = servers.ensure_running()
        stack.callback(servers.remove)
        mailbox = stack.enter_context(running_mailbox(home=folder / "mailbox"))
        till = stack.enter_context(running_till(home=folder / "till", locations=LOCATIONS))
        places = _places(folder)
        processes = Processes(
            folder=build(folder / "app"),
            logs=_made(folder / "logs"),
            environment={"PGHOST": addresses.postgres_host, "PGPORT": str(addresses.postgres_port)},
        )
        stack.callback(processes.end)
        house = House(
            servers=servers,
            addresses=addresses,
            mailbox=mailbox,
            till=till,
            crew=None,
            port=int(places["8000"]),
        )
        production = Production(processes, house, _told(addresses.postgres_password, mailbox, till), places)
        _start_redis(production, folder)
        migrated = production.run("migrate", *production.command("migrate"))
        assert migrated.returncode == 0, migrated.stderr
        stack.enter_context(our_database(addresses, home, django_db_blocker))
        yield production


def home_of(name: str) -> Path:
    """
    A short home: Unix sockets have short names.
    """
    return ROOT / "var" / name


def _places(folder: Path) -> dict[str, str]:
    return {
        "/app": str(folder / "app"),
        units.PROGRAMS: str(Path(sys.executable).parent),
        units.HOME: str(folder / "app"),
        "/tmp": str(_made(folder / "tmp")),
        "0.0.0.0": "127.0.0.1",
        "postgres:5432": "",  # libpq then looks at PGHOST: the embedded server has a Unix socket
        "redis:6379": f"127.0.0.1:{any_free_port()}",
        "8000": str(any_free_port()),
        "5555": str(any_free_port()),
    }


def _told(postgres_password: str, mailbox, till) -> dict[str, str]:
    return {
        "POSTGRES_PASSWORD": postgres_password,
        "REDIS_PASSWORD": secrets.token_hex(24),
        "FLOWER_BASIC_AUTH": f"anna:{secrets.token_hex(12)}",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
        "DJANGO_ALLOWED_HOSTS": "orders.example.com,127.0.0.1",
        "DJANGO_SSL_REDIRECT": "0",  # the sender of events speaks HTTP
        "EMAIL_HOST": mailbox.smtp_host,
        "EMAIL_PORT": str(mailbox.smtp_port),
        "EMAIL_USE_TLS": "0",
        "SQUARE_BASE_URL": till.url,
        "SQUARE_ACCESS_TOKEN": till.token,
        "STRIPE_SECRET_KEY": "sk_test_1",
        "STRIPE_WEBHOOK_SECRETS": SECRET,
        # Not for a container: Compose must win over a developer's own lines.
        "DJANGO_DEBUG": "1",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    }


def _start_redis(production: Production, folder: Path) -> None:
    port = production.places["redis:6379"].split(":")[1]
    program = _made(folder / "bin") / "redis-server"
    program.write_text(REDIS_SERVER.format(program=broker_program(), port=port))
    program.chmod(0o755)
    production.start("redis")
    production.processes.wait_for(
        lambda: _listens(int(port)), lambda: "redis does not listen", while_runs="redis"
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(page: str) -> bool:
    with suppress(OSError):
        return urllib.request.urlopen(page, timeout=5).status == 200
    return False


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
