"""Name where the servers are and what opens them, before anything runs."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from embedded.errors import in_one_sentence
from embedded.files import folder, turn_in, write_whole

ROLE = "rms"
PORT = 5432  # names the socket file only; nothing listens on the network


def secret(home: Path, name: str) -> str:
    """
    A random secret of this home, made once.
    """
    if not name.replace("_", "").isalnum():
        raise ValueError(f"A secret is called {name!r}. Use letters, digits and underscores.")
    path = home / "secrets" / name
    with in_one_sentence(f"keep the secret {name}"):
        if not path.exists():
            with turn_in(folder(path.parent)):
                if not path.exists():
                    write_whole(path, secrets.token_hex(24))
        return path.read_text()


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Everything that a client of the embedded servers needs to know."""

    home: Path
    postgres_host: str
    postgres_port: int
    postgres_user: str
    postgres_password: str = field(repr=False)
    postgres_database: str
    broker_url: str = field(repr=False)
    broker_socket: str
    broker_password: str = field(repr=False)

    def secret(self, name: str) -> str:
        """
        A random secret kept for this home, for example "django_secret_key".
        """
        return secret(self.home, name)

    @classmethod
    def of(cls, *, home: Path, postgres_room: Path, broker_socket: Path) -> "Addresses":
        broker_password = secret(home, "broker_password")
        return cls(
            home=home,
            postgres_host=str(postgres_room),
            postgres_port=PORT,
            postgres_user=ROLE,
            postgres_password=secret(home, "postgres_password"),
            postgres_database=ROLE,
            # The path holds plain characters only (see home.py), so nothing in it needs quoting.
            broker_url=f"redis+socket://:{broker_password}@{broker_socket}?virtual_host=0",
            broker_socket=str(broker_socket),
            broker_password=broker_password,
        )
