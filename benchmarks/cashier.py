"""
Who takes the payments: a process of its own, so that what paying costs is known apart from everything else.

It is told on stdin, a JSON object per line, and answers on stdout in the same way:

    {"orders": [7, 8], "every": 0.05} ─▶ {"prepared": 2}, waits for an empty line, then {"cpu_seconds": …, "paid_at": {"7": …}}
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from benchmarks.place import ROOT, Place
from benchmarks.systems import System

SETTLES_SECONDS = 0.1  # the nudge of the last payment leaves from another thread


@dataclass(frozen=True, kw_only=True)
class Paid:
    """
    What paying some orders took: CPU and wall seconds, and when each was paid (Unix time, when the call returned).
    """

    cpu_seconds: float
    seconds: float
    paid_at: dict[int, float]


class Cashier:
    """
    The line to the process that pays.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def prepare(self, order_ids: Sequence[int], *, every: float = 0) -> None:
        """
        Make ready to pay these orders: as fast as it goes, or one `every` so many seconds.
        """
        self._tell({"orders": list(order_ids), "every": every})
        self._hear()

    def pay(self) -> Paid:
        """
        Pay what was prepared.
        """
        self._tell({})
        heard = self._hear()
        paid_at = {int(order): moment for order, moment in heard.pop("paid_at").items()}
        return Paid(**heard, paid_at=paid_at)

    def _tell(self, told: dict[str, object]) -> None:
        _side(self._process.stdin).write(json.dumps(told) + "\n")
        _side(self._process.stdin).flush()

    def _hear(self) -> dict[str, Any]:
        line = _side(self._process.stdout).readline()
        if not line:
            raise RuntimeError(
                f"The cashier has gone (exit status {self._process.wait()}); its log says why."
            )
        return dict(json.loads(line))


@contextmanager
def cashier(place: Place, system: System, *, settings: str = "") -> Iterator[Cashier]:
    """
    A cashier who pays in front of this system.
    """
    environment = {**place.crew.told(), "DJANGO_SETTINGS_MODULE": settings or system.settings}
    with (place.crew.logs / "cashier.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.cashier", system.name],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield Cashier(process)
        finally:
            _side(process.stdin).close()
            process.wait(30)


def _side(stream: "IO[str] | None") -> "IO[str]":
    assert stream is not None  # noqa: S101 - told to mypy: both are pipes
    return stream


# The process itself


def main() -> None:
    import django  # noqa: PLC0415 - not for who only wants the line

    from benchmarks.systems import named  # noqa: PLC0415

    django.setup()
    system = named(sys.argv[1])
    for line in sys.stdin:
        asked = json.loads(line)
        payments = system.payments(asked["orders"])
        _answer({"prepared": len(payments)})
        sys.stdin.readline()
        _answer(_pay(dict(zip(asked["orders"], payments, strict=True)), every=asked["every"]))


def _pay(payments: dict[int, Any], *, every: float) -> dict[str, object]:
    paid_at: dict[int, float] = {}
    began, cpu = time.monotonic(), time.process_time()
    for number, (order_id, pay) in enumerate(payments.items()):
        if every:
            time.sleep(max(0.0, began + number * every - time.monotonic()))
        pay()
        paid_at[order_id] = time.time()
    seconds = time.monotonic() - began
    time.sleep(SETTLES_SECONDS)
    return {"cpu_seconds": time.process_time() - cpu, "seconds": seconds, "paid_at": paid_at}


def _answer(told: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
