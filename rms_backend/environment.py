"""
The one door to the environment: reads `.env` and the process environment, checks, and complains with the remedy.

An isolated run (tests, the show, chaos) sees neither `.env` nor any address of the outside: see `isolated()`.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off", ""})
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
        if value and urlsplit(value).scheme not in schemes:
            raise self._wrong(
                name, f"It must begin with one of: {', '.join(f'{s}://' for s in schemes)}.", hide=True
            )
        return value

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
