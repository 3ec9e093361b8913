"""
The one door to the environment: reads `.env` and the process environment, checks, and complains with the remedy.

An isolated run (tests, the show, chaos) sees neither `.env` nor any address of the outside: see `isolated()`.
"""

import ipaddress
import os
import re
import sys
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

ROOT = Path(__file__).resolve().parent.parent
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})
# An isolated run keeps only these of what it finds, so that nobody's real Redis, mailbox or Stripe is touched.
KEPT_WHEN_ISOLATED = "ISOLATED_"
# Celery lets these variables win over the settings (celery/app/utils.py).
READ_BY_CELERY_ITSELF = (
    "CELERY_BROKER_URL",
    "CELERY_BROKER_READ_URL",
    "CELERY_BROKER_WRITE_URL",
    "CELERY_RESULT_BACKEND",
)
# Flower lets every variable that begins like this win over what it is told (flower/command.py).
READ_BY_FLOWER_ITSELF = "FLOWER_"


class Environment:
    """
    Typed reading of settings; every complaint names the variable, its value and what to write instead.
    """

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    @classmethod
    def load(cls) -> "Environment":
        """
        The environment of this process, with `.env` behind it; of an isolated run only what was meant for it.
        """
        if isolated():
            for name in list(os.environ):
                if name in READ_BY_CELERY_ITSELF or name.startswith(READ_BY_FLOWER_ITSELF):
                    del os.environ[name]
            skip = len(KEPT_WHEN_ISOLATED)
            meant = {k[skip:]: v for k, v in os.environ.items() if k.startswith(KEPT_WHEN_ISOLATED)}
            return cls(meant)
        if (ROOT / ".env").is_file():
            environ.Env.read_env(ROOT / ".env")
        return cls(dict(os.environ))

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, "").strip() or default

    def flag(self, name: str, *, default: bool) -> bool:
        if name not in self.values:
            return default
        value = self.values[name].strip().lower()
        if value in YES:
            return True
        if value in NO:
            return False
        raise self._wrong(name, "Write 1 or 0.")

    def whole(self, name: str, default: int, *, at_least: int = 0, at_most: int = 10**9) -> int:
        value = self.text(name)
        if not value:
            return default
        if not value.isascii() or not value.isdigit() or not at_least <= int(value) <= at_most:
            raise self._wrong(
                name, f"Write a whole number from {at_least} to {at_most}, for example {default}."
            )
        return int(value)

    def fraction(self, name: str, default: float) -> float:
        value = self.text(name)
        try:
            number = float(value) if value else default
        except ValueError:
            number = 0
        if not 0 < number <= 1:
            raise self._wrong(name, "Write a number above 0 and at most 1, for example 0.05.")
        return number

    def listed(self, name: str, default: str = "") -> list[str]:
        return [part.strip() for part in self.text(name, default).split(",") if part.strip()]

    def logins(self, name: str, *, shortest_password: int) -> list[str]:
        """
        Logins as `user:password`, several separated by commas.
        """
        logins = self.listed(name)
        for login in logins:
            user, _, password = login.partition(":")
            if not (user and login.isascii() and len(password) >= shortest_password):
                remedy = (
                    "Write user:password, several separated by commas, in plain letters, digits and signs. A password "
                    f"has at least {shortest_password} characters and no comma."
                )
                raise self._wrong(name, remedy, hide=True)
        return logins

    def url(self, name: str, *, schemes: tuple[str, ...]) -> str:
        value = self.text(name)
        if value and not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise self._wrong(
                name, f"It must begin with one of: {', '.join(f'{s}://' for s in schemes)}.", hide=True
            )
        if not _can_be_taken_apart(value):
            quoting = "Write the special characters of a password as %XX: / is %2F, # is %23, @ is %40."
            raise self._wrong(
                name, f"It must read scheme://user:password@host:port/name. {quoting}", hide=True
            )
        return value

    def redis_or(self, name: str, *, schemes: tuple[str, ...]) -> str:
        """
        The address of a broker or result backend; where it is a Redis, its path is the number of a database.
        """
        value = self.url(name, schemes=schemes)
        at = urlsplit(value)
        if at.scheme in ("redis", "rediss") and not re.fullmatch(r"/?[0-9]*", at.path):
            raise self._wrong(
                name, "After the host comes the number of a database, as in redis://host:6379/0.", hide=True
            )
        return value

    def host(self, name: str, default: str = "") -> str:
        """
        The name or number of a host, and nothing besides.
        """
        value = self.text(name, default)
        if value and not re.fullmatch(r"[\w.-]+", value) and not _is_ip_address(value):
            raise self._wrong(
                name, "Write the host's name only, for example smtp.gmail.com; its port has its own."
            )
        return value

    def sender(self, name: str, default: str) -> str:
        """
        An e-mail address, with or without a name beside it.
        """
        value = self.text(name, default)
        try:
            validate_email(parseaddr(value)[1])
        except ValidationError:
            raise self._wrong(
                name, "Write an e-mail address, for example noreply@yourrestaurant.com."
            ) from None
        return value

    def together(self, one: str, other: str) -> None:
        """
        Complain where one of two is set that make sense only together.
        """
        for is_set, missing in ((one, other), (other, one)):
            if self.text(is_set) and not self.text(missing):
                raise ImproperlyConfigured(f"{is_set} is set and {missing} is not. Set both, or neither.")

    def database(self, name: str) -> dict[str, object] | None:
        """
        Django's description of the database, or None where none is named.
        """
        if not self.url(name, schemes=("postgres", "postgresql")):
            return None
        return dict(environ.Env.db_url_config(self.text(name)))

    def choice(self, name: str, options: tuple[str, ...]) -> str:
        value = self.text(name, options[0])
        if value not in options:
            raise self._wrong(name, f"Write one of: {', '.join(options)}.")
        return value

    def required(self, name: str, remedy: str) -> str:
        value = self.text(name)
        if not value:
            raise ImproperlyConfigured(f"{name} is not set. {remedy}")
        return value

    def _wrong(self, name: str, remedy: str, *, hide: bool = False) -> ImproperlyConfigured:
        # Addresses carry passwords: they are not repeated on a screen.
        shown = "set to something else" if hide else repr(self.values[name])
        return ImproperlyConfigured(f"{name} is {shown}. {remedy}")


def _can_be_taken_apart(address: str) -> bool:
    try:
        at = urlsplit(address)
        port = at.port
    except ValueError:
        return False
    # What is left of a password with a / or # in it.
    return port != 0 and not at.fragment and "@" not in at.path


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def isolated() -> bool:
    """
    Is this a test, a show or a chaos run, which uses nothing but its own servers?
    """
    return os.environ.get("RMS_ISOLATED") == "1" or sys.argv[1:2] == ["test"]


def environment_of_a_child(**told: str) -> dict[str, str]:
    """
    The environment of this process for one that it starts, with these settings on top.
    """
    kept = KEPT_WHEN_ISOLATED if isolated() else ""
    return {**os.environ, **{f"{kept}{name}": value for name, value in told.items()}}
