"""
The process of a floor: `python -m benchmarks.floor_process F3six`, told on stdin by benchmarks/floors.py.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence

F1, F2_SIX, F3_SIX = "F1", "F2six", "F3six"
BATCH = {F1: 1, F2_SIX: 1, F3_SIX: 100}
TITLES = {
    F1: "floor F1: the ORM in a loop",
    F2_SIX: "floor F2six: SQL, order by order",
    F3_SIX: "floor F3six: SQL, a hundred orders at once",
}


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
