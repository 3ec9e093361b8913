"""
P9: the memory of one worker node with two pool processes, ours and tuned Celery's, in the same Django project.
"""

from collections.abc import Callable
from statistics import median

from benchmarks.cashier import cashier
from benchmarks.drain import wait_for_effects
from benchmarks.measured import Measured
from benchmarks.place import SETTINGS, here
from benchmarks.systems import CELERY_TUNED, OURS, System
from benchmarks.workload import orders
from benchmarks.workload.audit import audit

ORDERS = 200  # enough for every process to have done each of the six a few times
# Tuned Celery in the product's project, so that both have the same code in memory; see benchmarks/peers/celery_tuned.
PROJECT = {OURS.name: OURS.settings, CELERY_TUNED.name: SETTINGS}
MIB = 2**20


def measure(*, repeats: int, full: bool, say: Callable[[str], None]) -> list[Measured]:  # noqa: ARG001 - the frame's
    """
    One turn of both per repeat.
    """
    found: dict[str, list[float]] = {}
    for repeat in range(repeats):
        for system in (OURS, CELERY_TUNED):
            mib = _mib(system)
            found.setdefault(system.name, []).append(round(mib, 1))
            say(f"{repeat + 1}/{repeats} {system.title}: {mib:.0f} MiB")
    pairs = zip(found[OURS.name], found[CELERY_TUNED.name], strict=True)
    return [
        Measured(
            figure="P9",
            ratios=[ours / theirs for ours, theirs in pairs],
            facts={"pss_mib": {name: median(runs) for name, runs in found.items()}, "runs": found},
        )
    ]


def _mib(system: System) -> float:
    place, settings = here(), PROJECT[system.name]
    place.empty()
    ids = orders.place(ORDERS)
    with cashier(place, system, settings=settings) as desk, system.at_work(place, settings=settings):
        desk.prepare(ids)
        desk.pay()
        wait_for_effects(place, len(ids))
        taken = sum(place.pss_bytes().values())
    audit(place.rows)
    return taken / MIB
