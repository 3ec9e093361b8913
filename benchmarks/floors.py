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
import time
from collections.abc import Callable, Sequence

from benchmarks.drain import Drained
from benchmarks.place import BROKER, POSTGRES, ROOT, Place
from benchmarks.workload import orders
from benchmarks.workload.audit import audit

F1, F2_SIX, F3_SIX = "F1", "F2six", "F3six"
BATCH = {F1: 1, F2_SIX: 1, F3_SIX: 100}
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
        [sys.executable, "-m", "benchmarks.floors", floor],
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


# The process itself


def main() -> None:
    import django  # noqa: PLC0415 - not for who only wants to start it

    django.setup()
    floor, ids = sys.argv[1], json.loads(sys.stdin.readline())
    effects, batch = _effects(floor), BATCH[floor]
    _carry_out(effects, ids[:batch], batch)
    sys.stdout.write("warm\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began, cpu = time.monotonic(), time.process_time()
    _carry_out(effects, ids[batch:], batch)
    told = {"seconds": time.monotonic() - began, "cpu_seconds": time.process_time() - cpu}
    sys.stdout.write(json.dumps(told) + "\n")


def _effects(floor: str) -> list[Callable[[Sequence[int]], object]]:
    from benchmarks.workload import in_sets, one_by_one  # noqa: PLC0415 - Django must be set up

    if floor == F1:
        return [_for_one(effect) for effect in one_by_one.EFFECTS]
    return [_in_a_transaction(effect) for effect in in_sets.EFFECTS]


def _for_one(effect: Callable[[int], object]) -> Callable[[Sequence[int]], object]:
    return lambda order_ids: effect(order_ids[0])


def _in_a_transaction(effect: Callable[[Sequence[int]], object]) -> Callable[[Sequence[int]], object]:
    from django.db import transaction  # noqa: PLC0415

    return transaction.atomic(effect)


def _carry_out(effects: list[Callable[[Sequence[int]], object]], ids: list[int], batch: int) -> None:
    for start in range(0, len(ids), batch):
        for effect in effects:
            effect(ids[start : start + batch])


if __name__ == "__main__":
    main()
