"""
P5: the latency at 20 orders a second, beside Huey's and tuned Celery's in the same repeat.
"""

from collections.abc import Callable
from statistics import median

from benchmarks.latency import latencies_ms, percentile
from benchmarks.measured import Measured
from benchmarks.place import here
from benchmarks.systems import CELERY_TUNED, HUEY, OURS, System

PER_SECOND = 20
ORDERS, ORDERS_IN_FULL = 300, 600
WARM_UP = 60
PERCENTS = (50, 90, 99)

Found = dict[str, list[dict[int, float]]]


def measure(*, repeats: int, full: bool, say: Callable[[str], None]) -> list[Measured]:
    """
    One turn of each of the three per repeat, every other time in the opposite order.
    """
    found: Found = {}
    for repeat in range(repeats):
        for system in (OURS, HUEY, CELERY_TUNED) if repeat % 2 == 0 else (CELERY_TUNED, HUEY, OURS):
            one = _percentiles(system, count=ORDERS_IN_FULL if full else ORDERS)
            found.setdefault(system.name, []).append(one)
            shown = ", ".join(f"p{percent} {value:.0f} ms" for percent, value in one.items())
            say(f"{repeat + 1}/{repeats} {system.title}: {shown}")
    facts = {"per_second": PER_SECOND, "systems": {name: _facts(runs) for name, runs in found.items()}}
    return [
        Measured(figure="P5 p50", ratios=_ratios(found, HUEY, 50), facts=facts),
        Measured(
            figure="P5 p99",
            ratios=_ratios(found, CELERY_TUNED, 99),
            facts={"p99_against_huey_p99": _ratios(found, HUEY, 99)},
        ),
    ]


def _percentiles(system: System, *, count: int) -> dict[int, float]:
    ordered = latencies_ms(here(), system, per_second=PER_SECOND, count=count, warm_up=WARM_UP)
    return {percent: percentile(ordered, percent) for percent in PERCENTS}


def _ratios(found: Found, peer: System, percent: int) -> list[float]:
    pairs = zip(found[OURS.name], found[peer.name], strict=True)
    return [ours[percent] / theirs[percent] for ours, theirs in pairs]


def _facts(runs: list[dict[int, float]]) -> dict[str, object]:
    return {
        **{f"p{percent}_ms": round(median(run[percent] for run in runs), 1) for percent in PERCENTS},
        "runs": [{f"p{percent}_ms": round(value, 1) for percent, value in run.items()} for run in runs],
    }
