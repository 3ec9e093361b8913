"""
One measured run at a steady rate: from the moment an order is paid to the commit of the last of its six effects.
"""

import math
from collections.abc import Sequence

from benchmarks.cashier import cashier
from benchmarks.drain import wait_for_effects
from benchmarks.place import Place
from benchmarks.systems import System
from benchmarks.workload import orders
from benchmarks.workload.audit import audit

LAST_OF_SIX = """
SELECT order_id, extract(epoch FROM max(pg_xact_commit_timestamp(xmin)))::float8 FROM workload_effect GROUP BY order_id
"""


def latencies_ms(place: Place, system: System, *, per_second: float, count: int, warm_up: int) -> list[float]:
    """
    The latency of each of so many orders, in milliseconds and sorted, after `warm_up` others at the same rate.
    """
    place.empty()
    ids = orders.place(warm_up + count)
    place.do("ANALYZE")
    with cashier(place, system) as desk, system.at_work(place):
        # All in one go, so that the first order that counts comes at the same rhythm.
        desk.prepare(ids, every=1 / per_second)
        paid = desk.pay()
        wait_for_effects(place, len(ids))
    audit(place.rows)
    ended: dict[int, float] = dict(place.rows(LAST_OF_SIX))
    counted = ids[warm_up:]
    return sorted(1000 * (ended[order_id] - paid.paid_at[order_id]) for order_id in counted)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """
    The smallest of the sorted values that at least so many percent do not exceed.
    """
    if not ordered:
        raise ValueError("There is no percentile of nothing.")
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
