"""
The floors: the six effects of orders that are paid, in a loop of one process, with no queue at all.

    F1     one order after the other, with the ORM
    F2six  one order after the other, in hand-written SQL
    F3six  a hundred orders at a time, in hand-written SQL

Each effect has a transaction of its own.
"""

import json
import subprocess
import sys

from benchmarks.drain import Drained
from benchmarks.floor_process import BATCH
from benchmarks.floor_process import F1 as F1
from benchmarks.floor_process import F2_SIX as F2_SIX
from benchmarks.floor_process import F3_SIX as F3_SIX
from benchmarks.place import BROKER, POSTGRES, ROOT, Place
from benchmarks.workload import orders
from benchmarks.workload.audit import audit

SETTINGS = "benchmarks.peers.settings"
PAY_ALL = "UPDATE orders_order SET status = 'paid', paid_at = clock_timestamp()"


def run(place: Place, floor: str, *, count: int) -> Drained:
    """
    Measure the floor with so many orders, after a warm-up of one batch; raises WrongEffects where one went wrong.
    """
    place.empty()
    ids = orders.place(BATCH[floor] + count)
    place.do(PAY_ALL)
    place.do("ANALYZE")
    spent, seconds = _carried_out(place, floor, ids)
    audit(place.rows)
    per_order = {part: 1000 * cpu_seconds / count for part, cpu_seconds in spent.items()}
    return Drained(orders=count, cpu_ms=per_order, paid_per_second=0, drained_per_second=count / seconds)


def _carried_out(place: Place, floor: str, ids: list[int]) -> tuple[dict[str, float], float]:
    """
    The CPU seconds by part, and the seconds it took.
    """
    environment = {**place.crew.told(), "DJANGO_SETTINGS_MODULE": SETTINGS}
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.floor_process", floor],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - told to mypy: both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(json.dumps(ids) + "\n")
        process.stdin.flush()
        process.stdout.readline()  # it has warmed up
        before = place.cpu_seconds()
        process.stdin.write("\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline())
        after = place.cpu_seconds()
        servers = {part: after[part] - before[part] for part in (POSTGRES, BROKER)}
        return {"workers": told["cpu_seconds"], **servers}, told["seconds"]
