"""Carry what a holder wants kept to the keeper, as one line of JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

COMPANION_OF = "RMS_COMPANION_OF"  # tells a companion whose it is


@dataclass(frozen=True, kw_only=True)
class Companion:
    """
    A program that runs beside the servers; `{home}` in its arguments becomes their home.

    It may use the servers, but it never keeps them alive.
    """

    name: str
    argv: tuple[str, ...]
    directory: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What the keeper of a home is asked to keep, and how."""

    home: Path
    durable: bool = True
    grace_seconds: float = 5.0
    companions: tuple[Companion, ...] = ()

    def as_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "Orders":
        said = json.loads(text)
        companions = tuple(
            Companion(
                name=one["name"],
                argv=tuple(one["argv"]),
                directory=Path(one["directory"]) if one["directory"] else None,
            )
            for one in said.pop("companions")
        )
        return cls(home=Path(said.pop("home")), companions=companions, **said)
