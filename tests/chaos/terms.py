"""
What one chaos run is told, and where it lives.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# The policies stay as they are; only the waits shrink, so that a run of minutes sees all of a policy's attempts. In a long
# run they shrink less: there is time, and what merely queues would be taken for lost and sent again and again.
RETRY_TIME_SCALE, RETRY_TIME_SCALE_OF_LONG_RUNS = 0.08, 0.2
LONG_RUN_SECONDS = 150.0
CALM_SHARE = 0.1  # of the load, at its beginning, before the first fault
LONGEST_REST_SECONDS = 240.0  # I15: everything is at rest this long after the last fault was mended


@dataclass(frozen=True, kw_only=True)
class Terms:
    """
    One run: the same seed gives the same guests, the same deliveries and the same faults.

    `load_seconds` is how long orders flow, `orders_per_second` how fast; the naive control gets `naive_share` of it.
    """

    seed: int
    load_seconds: float
    orders_per_second: float
    naive_share: float = 0.3
    acks_late: bool = True
    visibility_timeout: int = 3600  # seconds

    @property
    def orders(self) -> int:
        return max(1, round(self.load_seconds * self.orders_per_second))

    @property
    def is_long(self) -> bool:
        """
        Is there time for everything? The mutants alone take minutes.
        """
        return self.load_seconds >= LONG_RUN_SECONDS

    @property
    def retry_time_scale(self) -> float:
        return RETRY_TIME_SCALE_OF_LONG_RUNS if self.is_long else RETRY_TIME_SCALE

    @property
    def calm_seconds(self) -> float:
        return max(5.0, self.load_seconds * CALM_SHARE)

    def shortened(self) -> "Terms":
        """
        The same for the naive control.
        """
        return Terms(
            seed=self.seed,
            load_seconds=max(24.0, self.load_seconds * self.naive_share),
            orders_per_second=self.orders_per_second,
        )


def home(name: str) -> Path:
    """
    A folder for one house of this process. `make down` and `make clean` find it by its name.
    """
    return ROOT / "var" / f"house-{name}-{os.getpid()}"


def commit() -> str:
    """
    The commit that is tested, marked where files differ from it.
    """
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
