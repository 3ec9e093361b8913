"""
docker-compose.celery.yml as Compose reads it: parsed, with its variables filled in.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from rms_backend.environment import ROOT

FILE = ROOT / "docker-compose.celery.yml"
# $$, $NAME, ${NAME}, ${NAME:?message}: all that the file uses.
VARIABLE = re.compile(r"\$(?:(\$)|([A-Z_]+)|\{([A-Z_]+)(?::\?([^}]*))?\})")


class NotThere(LookupError):
    """
    A variable is missing; the text is what Compose says.
    """


@dataclass(frozen=True)
class Service:
    """
    One service, ready to run.
    """

    name: str
    told: Mapping[str, Any]

    @property
    def command(self) -> list[str]:
        return list(self.told["command"])

    @property
    def environment(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.told["environment"].items()}

    @property
    def check(self) -> list[str]:
        """
        The health check as an argument list.
        """
        kind, *words = self.told["healthcheck"]["test"]
        return ["sh", "-c", *words] if kind == "CMD-SHELL" else words

    @property
    def grace_seconds(self) -> int:
        return int(self.told["stop_grace_period"].removesuffix("s"))


def raw() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text()))


def services(variables: Mapping[str, str]) -> dict[str, Service]:
    """
    All services, with these variables.
    """
    return {name: Service(name, _filled(told, variables)) for name, told in raw()["services"].items()}


def variables() -> dict[str, str]:
    """
    Every variable the file uses, and what is said when it is missing.
    """
    found: dict[str, str] = {}
    for _, plain, braced, message in VARIABLE.findall(_without_comments()):
        if plain or braced:
            found[plain or braced] = message
    return found


def head() -> str:
    """
    The comment at the top.
    """
    return FILE.read_text().split("\nx-")[0]


def _without_comments() -> str:
    return re.sub(r"^\s*#.*$", "", FILE.read_text(), flags=re.MULTILINE)


def _filled(told: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(told, dict):
        return {name: _filled(value, variables) for name, value in told.items()}
    if isinstance(told, list):
        return [_filled(value, variables) for value in told]
    if not isinstance(told, str):
        return told

    def value(match: re.Match[str]) -> str:
        dollar, plain, braced, message = match.groups()
        if dollar:
            return "$"
        if not (said := variables.get(plain or braced, "")):
            raise NotThere(message)
        return said

    return VARIABLE.sub(value, told)
