"""
One measured run of a system: pay so many orders in front of workers that stand still, let them go, wait for the last effect.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.cashier import Cashier, Paid, cashier
from benchmarks.place import BROKER, POSTGRES, Place
from benchmarks.systems import WORKERS, System
from benchmarks.workload import orders
from benchmarks.workload.audit import audit
from benchmarks.workload.models import Kind

PATIENCE_SECONDS = 300
LOOKS_EVERY_SECONDS = 0.05
SETTLES_SECONDS = 0.3  # acknowledgements of the last messages
CASHIER = "cashier"

COUNT = "SELECT count(*) FROM workload_effect"
LAST_COMMIT = "SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin)))::float FROM workload_effect"


class TookTooLong(TimeoutError):
    """
    The workers did not get through in time.
    """


@dataclass(frozen=True, kw_only=True)
class Drained:
    """
    What a run cost: CPU milliseconds per order by part (the servers, the workers, who pays), orders a second.
    """

    orders: int
    cpu_ms: dict[str, float]
    paid_per_second: float
    drained_per_second: float
    while_paying_ms: dict[str, float] = field(
        default_factory=dict
    )  # the share of it before the workers were let go

    @property
    def total_ms(self) -> float:
        return sum(self.cpu_ms.values())

    def facts(self) -> dict[str, object]:
        """
        The numbers for the results file.
        """
        return {
            "orders": self.orders,
            "cpu_ms_per_order": round(self.total_ms, 3),
            "by_part": _rounded(self.cpu_ms),
            "by_part_while_paying": _rounded(self.while_paying_ms),
            "paid_per_second": round(self.paid_per_second, 1),
            "drained_per_second": round(self.drained_per_second, 1),
        }


def drain(place: Place, system: System, *, count: int, before: int) -> Drained:
    """
    Measure the system with so many orders, after others to warm up (`before`); raises WrongEffects where one went wrong.
    """
    ids = placed(place, before + count)
    with cashier(place, system) as desk, system.at_work(place) as workers:
        warm_up(place, desk, ids[:before])
        desk.prepare(ids[before:])
        drained = measured(place, desk, workers, count=count)
    audit(place.rows)
    return drained


def placed(place: Place, count: int) -> list[int]:
    """
    Empty the place and put so many unpaid orders into it.
    """
    place.empty()
    ids = orders.place(count)
    place.do("ANALYZE")
    return ids


def warm_up(place: Place, desk: Cashier, ids: Sequence[int]) -> None:
    """
    Let everybody do each kind of work that will be measured.
    """
    desk.prepare(ids)
    desk.pay()
    wait_for_effects(place, len(ids))


def measured(place: Place, desk: Cashier, workers: Sequence[str], *, count: int) -> Drained:
    """
    Pay what the cashier has prepared in front of workers that stand still, then let them work it off.
    """
    already = place.rows(COUNT)[0][0] // len(Kind)
    for name in workers:
        place.freeze(name)
    before = place.cpu_seconds()
    paid = desk.pay()
    between = place.cpu_seconds()
    began = time.time()
    for name in workers:
        place.thaw(name)
    wait_for_effects(place, already + count)
    time.sleep(SETTLES_SECONDS)
    after = place.cpu_seconds()
    [[ended]] = place.rows(LAST_COMMIT)
    return Drained(
        orders=count,
        cpu_ms=_per_order(before, after, paid, count=count),
        while_paying_ms=_per_order(before, between, paid, count=count),
        paid_per_second=count / paid.seconds,
        drained_per_second=count / (ended - began),
    )


def in_flow(place: Place, desk: Cashier, *, count: int) -> Drained:
    """
    Pay what the cashier has prepared while everybody is at work, until the last effect is there.
    """
    already = place.rows(COUNT)[0][0] // len(Kind)
    before, began = place.cpu_seconds(), time.time()
    paid = desk.pay()
    wait_for_effects(place, already + count)
    time.sleep(SETTLES_SECONDS)
    after = place.cpu_seconds()
    [[ended]] = place.rows(LAST_COMMIT)
    return Drained(
        orders=count,
        cpu_ms=_per_order(before, after, paid, count=count),
        paid_per_second=count / paid.seconds,
        drained_per_second=count / (ended - began),
    )


def wait_for_effects(place: Place, paid: int) -> None:
    """
    Wait until that many orders have all their effects; raises TookTooLong.
    """
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while (found := place.rows(COUNT)[0][0]) < paid * len(Kind):
        if time.monotonic() > give_up_at:
            raise TookTooLong(f"{found} of {paid * len(Kind)} effects after {PATIENCE_SECONDS} s.")
        time.sleep(LOOKS_EVERY_SECONDS)


def _per_order(
    before: dict[str, float], after: dict[str, float], paid: Paid, *, count: int
) -> dict[str, float]:
    spent = {part: seconds - before[part] for part, seconds in after.items()}
    servers = {part: spent.pop(part) for part in (POSTGRES, BROKER)}
    seconds = {CASHIER: paid.cpu_seconds, WORKERS: sum(spent.values()), **servers}
    return {part: 1000 * value / count for part, value in seconds.items()}


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {part: round(value, 3) for part, value in values.items()}
