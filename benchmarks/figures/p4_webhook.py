"""
P4: payments a second that the webhook takes in with the durable promise, beside the same view with 6 x `.delay`.
"""

from collections.abc import Callable
from statistics import median

from django.db import connection

from benchmarks import pizzeria
from benchmarks.measured import Measured
from benchmarks.place import Place, here
from benchmarks.webhook import driver
from benchmarks.webhook.modes import OTHERS, OURS, SIX, Mode
from benchmarks.webhook.requests import deliveries

SETTINGS = "benchmarks.webhook.settings"
WARM_UP_REQUESTS = 100
MILLISECONDS = 1000
Say = Callable[[str], None]
Facts = dict[str, object]


def measure(*, repeats: int, full: bool, say: Say) -> list[Measured]:  # noqa: ARG001 - there is no longer way
    """
    Interleaved pairs on the same two web processes: theirs, ours; and every other mode once per pair.
    """
    place = here()
    connection.ensure_connection()  # the first one makes the tables
    place.empty()
    port = place.start_web(settings=SETTINGS)
    ratios, runs = [], []
    for number in range(1, repeats + 1):
        paces = {mode.name: _run(place, mode, port) for mode in (SIX, OURS, *OTHERS)}
        ours, six = (paces[mode.name]["per_second"] for mode in (OURS, SIX))
        say(f"pair {number}: {ours:.0f} a second, with 6 x .delay {six:.0f}")
        ratios.append(ours / six)
        runs.append(paces)
    facts: Facts = {
        "requests_per_second": {name: median(run[name]["per_second"] for run in runs) for name in runs[0]},
        "cpu_ms_per_request": {name: median(run[name]["cpu_ms"] for run in runs) for name in runs[0]},
        "runs": runs,
    }
    return [Measured(figure="P4", ratios=ratios, facts=facts)]


def _run(place: Place, mode: Mode, port: int) -> dict[str, float]:
    """
    One mode on empty tables: every request pays an order of its own, and all of it is there afterwards.
    """
    place.empty()
    restaurant = pizzeria.open_restaurant()
    orders = pizzeria.place(restaurant, WARM_UP_REQUESTS + mode.requests)
    place.do("ANALYZE")
    requests = deliveries(orders, path=mode.path, port=port)
    driver.drive(requests[:WARM_UP_REQUESTS], port=port)
    before = place.cpu_seconds()
    pace = driver.drive(requests[WARM_UP_REQUESTS:], port=port)
    after = place.cpu_seconds()
    mode.audit(place, len(orders))
    cost = {part: (after[part] - before[part]) / pace.answers * MILLISECONDS for part in before}
    return {
        "per_second": pace.per_second,
        "p50_ms": pace.percentile(50),
        "p99_ms": pace.percentile(99),
        "driver_cpu_ms": pace.own_seconds / pace.answers * MILLISECONDS,
        **{f"{part}_cpu_ms": milliseconds for part, milliseconds in cost.items()},
        "cpu_ms": sum(cost.values()),
    }
