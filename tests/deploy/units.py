"""
The systemd units, read as systemd reads them.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from rms_backend.environment import ROOT

FOLDER = ROOT / "deploy" / "systemd"
HOME = "/opt/rms-backend"
PROGRAMS = f"{HOME}/.venv/bin"


@dataclass(frozen=True)
class Unit:
    """
    One unit file; `instance` stands after the @ of a template.
    """

    name: str
    instance: str = ""

    @property
    def text(self) -> str:
        return (FOLDER / self.name).read_text()

    def all(self, key: str) -> list[str]:
        lines = self.text.splitlines()
        return [line.split("=", 1)[1] for line in lines if line.startswith(f"{key}=")]

    def one(self, key: str) -> str:
        (value,) = self.all(key)
        return value

    @property
    def environment(self) -> dict[str, str]:
        words = [word for line in self.all("Environment") for word in shlex.split(self._specified(line))]
        return dict(word.split("=", 1) for word in words)

    def command(self, environment: Mapping[str, str] | None = None) -> list[str]:
        """
        ExecStart, with the unit's own variables; ${NAME} is one word, as in systemd.
        """
        words = shlex.split(self._specified(self.one("ExecStart")))
        known = {**self.environment, **(environment or {})}
        for name, value in known.items():
            words = [word.replace(f"${{{name}}}", value) for word in words]
        return words

    @property
    def stop_seconds(self) -> int:
        return int(self.one("TimeoutStopSec"))

    def _specified(self, text: str) -> str:
        return text.replace("%%", "\0").replace("%i", self.instance).replace("\0", "%")


def names() -> list[str]:
    return sorted(path.name for path in FOLDER.glob("*.service"))
