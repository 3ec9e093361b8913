"""
The outside of a run: the lean mail server and the lean till, as processes of the place, and what came to them.
"""

import json
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.lanes.sink import Mood
from benchmarks.place import Place
from devtools.show.crew import any_free_port

PATIENCE_SECONDS = 120
LOOKS_EVERY_SECONDS = 0.1
SINKS = {"mail": "benchmarks.lanes.mail_sink", "till": "benchmarks.lanes.till_sink"}
NOT_DONE = "SELECT count(*) FROM pipeline_steprun WHERE step LIKE %s AND state <> 'done'"


class Unfinished(RuntimeError):
    """
    What was promised was not done in time, or not exactly once.
    """


@dataclass(kw_only=True)
class Outside:
    """
    Both sinks, and the workers that send to them.
    """

    place: Place
    ports: dict[str, int] = field(default_factory=lambda: {name: any_free_port() for name in SINKS})

    def open_sink(self, name: str, *, mood: Mood = Mood.WELL, seconds: float) -> None:
        """
        Start the mail server or the till, in this mood.
        """
        self.place.start(
            name, SINKS[name], "--port", str(self.ports[name]), "--truth", str(self._truth(name)),
            "--mood", mood.value, "--seconds", str(seconds), says="serves",
        )  # fmt: skip

    def start_worker(self, name: str, *options: str) -> None:
        """
        One worker, which knows where the sinks are.
        """
        self.place.start_worker(name, *options, **self._told())

    def truth(self, name: str) -> dict[str, Any]:
        """
        What came to a sink since it was last asked.
        """
        written = self._truth(name)
        written.unlink(missing_ok=True)
        self.place.crew.running[name].send_signal(signal.SIGUSR1)
        wait_for(written.exists, otherwise=f"{name} does not tell", within_seconds=10)
        told: dict[str, Any] = json.loads(written.read_text())
        return told

    def product_cpu_seconds(self) -> float:
        """
        What the product has used so far: workers, PostgreSQL and the broker, without the sinks.
        """
        return sum(seconds for name, seconds in self.place.cpu_seconds().items() if name not in SINKS)

    def wait_until_done(self, *steps: str) -> None:
        """
        Wait until no run of these steps is open any more.
        """

        def open_runs() -> int:
            return sum(int(self.place.rows(NOT_DONE, f"%{step}%")[0][0]) for step in steps)

        wait_for(lambda: not open_runs(), otherwise=f"{steps} are not done", within_seconds=PATIENCE_SECONDS)

    def _truth(self, name: str) -> Path:
        return self.place.crew.logs / f"{name}.json"

    def _told(self) -> dict[str, str]:
        return {
            "ISOLATED_EMAIL_HOST": "127.0.0.1",
            "ISOLATED_EMAIL_PORT": str(self.ports["mail"]),
            "ISOLATED_EMAIL_USE_TLS": "0",
            "ISOLATED_SQUARE_BASE_URL": f"http://127.0.0.1:{self.ports['till']}",
            "ISOLATED_SQUARE_ACCESS_TOKEN": "token",
            "ISOLATED_POS_ORDERS_PER_SECOND": "0",
        }


def wait_for(wanted: Callable[[], object], *, otherwise: str, within_seconds: float) -> None:
    """
    Look every few moments; raises Unfinished when the time is over.
    """
    give_up_at = time.monotonic() + within_seconds
    while not wanted():
        if time.monotonic() > give_up_at:
            raise Unfinished(f"{otherwise} within {within_seconds:.0f} s.")
        time.sleep(LOOKS_EVERY_SECONDS)


def exactly_once(came: dict[str, int], wanted: Sequence[str]) -> None:
    """
    Raise where anything that was wanted is missing or came twice.
    """
    missing = set(wanted) - came.keys()
    twice = [name for name in wanted if came.get(name, 0) > 1]
    if missing or twice:
        raise Unfinished(f"{len(missing)} of {len(wanted)} never came, {len(twice)} came more than once.")
