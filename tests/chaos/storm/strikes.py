"""
The storm itself: carries out the plan while the load flows, and keeps the times.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from django.db import connections

from tests.chaos.house import House
from tests.chaos.storm.fault import Scene
from tests.chaos.storm.schedule import Planned

MENDED_WITHIN_SECONDS = 120.0


@dataclass
class Struck:
    """
    One fault that struck: from when to when (Unix time), what it destroyed, and what went wrong with doing it.
    """

    planned: Planned
    began: float = 0.0
    mended: float = 0.0
    destroyed: int = 0
    trouble: str = ""

    @property
    def title(self) -> str:
        return self.planned.fault.title


@dataclass
class Storm:
    """
    The faults of a plan, each in a thread of its own for as long as it lasts.
    """

    house: House
    plan: Sequence[Planned]
    seed: int
    struck: list[Struck] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, *, began: float) -> None:
        """
        Strike at the planned times, counted from `began` (Unix time); returns when everything is mended.
        """
        threads = []
        for planned in self.plan:
            if self._stop.wait(max(0.0, began + planned.at_seconds - time.time())):
                break
            struck = Struck(planned=planned)
            self.struck.append(struck)
            threads.append(
                threading.Thread(target=self._strike, args=[struck], name=struck.title, daemon=True)
            )
            threads[-1].start()
        for thread in threads:
            thread.join(MENDED_WITHIN_SECONDS)

    def calm_down(self) -> None:
        """
        No more strikes; what has begun is mended.
        """
        self._stop.set()

    @property
    def blowing(self) -> list[str]:
        return [one.title for one in list(self.struck) if not one.mended]

    def _strike(self, struck: Struck) -> None:
        fault = struck.planned.fault
        scene = Scene(house=self.house, chance=Random(f"{self.seed}/{struck.planned.number}"))
        struck.began = time.time()
        try:
            with fault.strike(scene):
                self._stop.wait(fault.lasts_seconds)
        except Exception as trouble:  # noqa: BLE001 - a fault that could not be made is reported, the others go on
            struck.trouble = f"{type(trouble).__name__}: {trouble}"[:300]
        finally:
            struck.destroyed = scene.destroyed
            struck.mended = time.time()
            connections.close_all()
