"""
What became of the figures: a line each, the results file, the exit code.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.interval import Interval, interval
from benchmarks.measured import Measured
from benchmarks.targets import Target, Verdict, target_of

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    A figure, held against its target.
    """

    measured: Measured
    target: Target
    found: Interval

    @classmethod
    def of(cls, measured: Measured) -> "Outcome":
        return cls(measured=measured, target=target_of(measured.figure), found=interval(measured.ratios))

    @property
    def verdict(self) -> Verdict:
        return self.target.verdict(self.found)

    @property
    def line(self) -> str:
        """
        `P1  total CPU per order vs tuned Celery + DB reuse   16.2x [15.4..17.1]   (at least 15)   ok`
        """
        shown = f"{short(self.found.middle)}{self.target.unit} [{short(self.found.low)}..{short(self.found.high)}]"
        bound = f"({self.target.sense} {self.target.bound:g})"
        stretch = ", stretch reached" if self._is_stretch else ""
        return f"{self.measured.figure:<12}{self.target.sentence:<64} {shown:<24} {bound:<15} {self.verdict}{stretch}"

    @property
    def _is_stretch(self) -> bool:
        return self.verdict is Verdict.OK and self.target.reaches_stretch(self.found)

    def as_json(self) -> dict[str, Any]:
        target = {key: value for key, value in asdict(self.target).items() if key != "figure"}
        return {
            "figure": self.measured.figure,
            "target": target,
            "ratios": self.measured.ratios,
            "interval": {
                key: value if math.isfinite(value) else None for key, value in asdict(self.found).items()
            },
            "verdict": self.verdict,
            "stretch_reached": self._is_stretch,
            "facts": self.measured.facts,
        }


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """
    1 where a figure is short; one that is too noisy says nothing.
    """
    return int(any(outcome.verdict is Verdict.SHORT for outcome in outcomes))


def write(
    outcomes: Sequence[Outcome], *, began: datetime, about: Mapping[str, object], folder: Path = RESULTS
) -> Path:
    """
    Write the results file, named after the moment the run began.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{began:%Y-%m-%d-%H%M%S}.json"
    told = {"began": began.isoformat(), **about, "figures": [outcome.as_json() for outcome in outcomes]}
    path.write_text(json.dumps(told, indent=1, default=str) + "\n")
    return path


def short(value: float | None) -> str:
    """
    Three digits; a question mark where nothing is known.
    """
    if value is None or not math.isfinite(value):
        return "?"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"  # noqa: PLR2004 - three digits are enough
