"""
P8: does an order touch more of PostgreSQL's buffers when the tables hold years of orders?
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from django.db import connection

from benchmarks import pizzeria
from benchmarks.flat import old_rows, way
from benchmarks.flat.buffers import Buffers
from benchmarks.flat.databases import OLD, make_old, without_autovacuum, working_in, young
from benchmarks.flat.plans import Plans
from benchmarks.measured import Measured
from benchmarks.place import Place, here
from orders.models import Restaurant

OLD_RUNS, OLD_RUNS_IN_FULL = 1_000_000, 5_000_000
# A young database is not an empty file: its trees have a root and leaves. In the old one these are multiplied.
WARM_UP_ORDERS = 200
ORDERS = 300  # of one minute: five a second
PLANNED_ORDERS = 20
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """
    Buffers per order, by the part of its way; what is asked every minute is shared out among the minute's orders.
    """

    by_part: dict[str, float]
    by_relation: dict[str, float]

    @property
    def total(self) -> float:
        return sum(touched for part, touched in self.by_part.items() if part != way.OUR_OWN)


def measure(*, repeats: int, full: bool, say: Say) -> list[Measured]:
    """
    Interleaved pairs: the same orders in the old database and in the young one.
    """
    place = here()
    connection.ensure_connection()  # the first one makes the tables
    place.empty()
    with without_autovacuum(place), way.outside(place.servers.home / "outside"):
        make_old(place)
        restaurants = {name: _opened(name) for name in (OLD, young(place))}
        runs = _grow_old(OLD_RUNS_IN_FULL if full else OLD_RUNS, say)
        pairs = []
        for number in range(1, repeats + 1):
            pair = [_count(place, name, restaurants[name]) for name in (OLD, young(place))]
            say(
                f"pair {number}: {pair[0].total:.0f} buffers per order with old rows, {pair[1].total:.0f} without"
            )
            pairs.append(pair)
        plans = {name: _plans(place, name, restaurants[name]) for name in (OLD, young(place))}
        place.do(f"DROP DATABASE {OLD} WITH (FORCE)")
    facts: dict[str, object] = {
        "old_step_runs": runs,
        "orders_per_measurement": ORDERS,
        "old": [asdict(old) for old, _ in pairs],
        "young": [asdict(new) for _, new in pairs],
        "plans": plans,
    }
    return [Measured(figure="P8", ratios=[old.total / new.total for old, new in pairs], facts=facts)]


def _opened(name: str) -> Restaurant:
    with working_in(name):
        restaurant = pizzeria.open_restaurant()
        way.go(pizzeria.place(restaurant, WARM_UP_ORDERS), _nobody)
    return restaurant


def _grow_old(runs: int, say: Say) -> int:
    with working_in(OLD):
        say(f"writes {runs} old step runs with their orders, events and effects")
        return old_rows.multiply(old_rows.Template.of_what_is_there(), runs=runs)


def _count(place: Place, name: str, restaurant: Restaurant) -> Counted:
    with working_in(name):
        orders = pizzeria.place(restaurant, ORDERS)
        old_rows.settle(place)
        # A new connection reads the catalogues first.
        way.go(pizzeria.place(restaurant, PLANNED_ORDERS), _nobody)
        buffers = Buffers(place=place, database=name)
        buffers.begin()
        way.go(orders, buffers.note)
        way.ask_for_a_minute(buffers.note)
        return Counted(by_part=_per_order(buffers.by_part), by_relation=_per_order(buffers.by_relation()))


def _per_order(touched: Mapping[str, int]) -> dict[str, float]:
    return {what: count / ORDERS for what, count in touched.items()}


def _plans(place: Place, name: str, restaurant: Restaurant) -> dict[str, object]:
    with working_in(name):
        old_rows.settle(place)
        plans = Plans()
        with plans.watching():
            way.go(pizzeria.place(restaurant, PLANNED_ORDERS), plans)
            way.ask_for_a_minute(plans)
    return dict(plans.summary())


def _nobody(part: str) -> None:
    """
    Nobody counts.
    """
