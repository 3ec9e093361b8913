"""Tell everybody how far the keeper is, in home/state.json."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from embedded.files import write_whole


class Stage(StrEnum):
    """How far a keeper is."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class State:
    """One line of the keeper's life; `run` names the life, `pids` the servers that answer."""

    run: str
    keeper: int
    stage: Stage
    pids: Mapping[str, int] = field(default_factory=dict)
    because: str = ""

    def write(self, path: Path) -> None:
        write_whole(path, json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> "State | None":
        try:
            said = json.loads(path.read_text())
            return cls(**{**said, "stage": Stage(said["stage"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None  # nobody has said anything yet
