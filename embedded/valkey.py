"""Keep a Valkey of our own as Celery's broker, reachable through its socket only."""

import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path

from embedded.addresses import secret
from embedded.binaries import broker_program
from embedded.home import Home
from embedded.locks import AliveLock
from embedded.programs import Command, Stops, end_leftovers

CONFIG = """\
port 0
unixsocket {socket}
unixsocketperm 700
requirepass {password}
maxmemory-policy noeviction
databases 1024
daemonize no
save ""
appendonly {durable}
appendfsync everysec
"""


@dataclass
class Valkey:
    """The broker of one home."""

    home: Home
    durable: bool
    name: str = "broker"
    stops: Stops = ((signal.SIGTERM, 10), (signal.SIGKILL, 5))
    log: Path = field(init=False)
    alive: AliveLock = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.home.log(self.name)
        self.alive = AliveLock(self.home.alive(self.name))

    def prepare(self) -> Command:
        # A predecessor removes the socket as its last act: it must be gone before ours is made.
        end_leftovers(self)
        self.home.broker_socket.unlink(missing_ok=True)
        config = CONFIG.format(
            socket=self.home.broker_socket,
            password=self._password,
            durable="yes" if self.durable else "no",
        )
        # Read from stdin: a password on the command line is everybody's to see. Data goes to the directory.
        return Command(argv=[broker_program(), "-"], directory=self.home.broker_room, stdin=config)

    def answers(self) -> bool:
        """
        While it still loads its data it answers everything but PONG.
        """
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(self.home.broker_socket))
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as answers:
                    return answers.readline() == b"+OK\r\n" and answers.readline() == b"+PONG\r\n"
        except OSError:
            return False

    @property
    def _password(self) -> str:
        return secret(self.home.path, "broker_password")
