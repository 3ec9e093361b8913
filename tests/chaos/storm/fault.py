"""
One way in which something can break.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from random import Random

from tests.chaos.house import House


@dataclass
class Scene:
    """
    Where a fault strikes, and what it notes: `destroyed` messages that it took out of the broker.
    """

    house: House
    chance: Random
    destroyed: int = 0


# Entering breaks, leaving mends.
Strike = Callable[[Scene], AbstractContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    A cell of the matrix: a component, what happens to it, and for how many seconds.

    While it lasts, and `rests_seconds` longer, nothing else strikes what it `holds`. `early` ones come first, so that
    short runs see them. `ours_only` ones have no meaning for another pipeline.
    """

    component: str
    name: str
    strike: Strike = field(repr=False)
    holds: frozenset[str]
    lasts_seconds: float = 0.0
    rests_seconds: float = 3.0
    early: bool = False
    ours_only: bool = False

    @property
    def title(self) -> str:
        return f"{self.component}: {self.name}"


@dataclass(frozen=True, kw_only=True)
class NotRun:
    """
    A cell of the matrix that this machine, or this run, cannot do; the reason is part of the report.
    """

    component: str
    name: str
    because: str
