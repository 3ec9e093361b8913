"""
What one order asks of each server, with the product's own menu: letters and tickets leave for a mailbox and a till.

When calm, an order comes when the one before is long done; under load, hundreds at once. What is asked while nothing
comes at all is taken off the calm bill and stands beside it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice

from benchmarks import pizzeria
from benchmarks.cashier import Cashier, Paid, cashier
from benchmarks.drain import CASHIER, PATIENCE_SECONDS, SETTLES_SECONDS, TookTooLong
from benchmarks.place import SETTINGS, Place
from benchmarks.scaling.meters import Reading, log_statements, read
from benchmarks.systems import OURS
from devtools.mailbox.running import running_mailbox
from devtools.till import running_till

PRODUCT = replace(OURS, settings=SETTINGS)
IDLE_SECONDS = 10
CALM_ORDERS, CALM_EVERY_SECONDS = 40, 0.25
LOOKS_EVERY_SECONDS = 0.1
OPEN = "SELECT count(*) FROM pipeline_steprun WHERE state <> 'done'"
SIZES = """
SELECT relname, pg_total_relation_size(oid), pg_indexes_size(oid) FROM pg_class
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Bill:
    """
    While idle a second; when calm and under load an order. Under load it was counted twice: once without and once with
    the log of statements. `bytes_kept` an order leaves in each table, and the part of it that is indexes.
    """

    idle: Reading
    calm: Reading
    load: Reading
    load_logged: Reading
    bytes_kept: dict[str, tuple[float, float]]

    def facts(self) -> dict[str, object]:
        """
        The numbers for the results file.
        """
        return asdict(self)


def draw_up(
    place: Place, *, orders: int, say: Say, calm_orders: int = CALM_ORDERS, idle_seconds: float = IDLE_SECONDS
) -> Bill:
    """
    Count what orders ask: some when calm, and three times `orders` at once.
    """
    place.empty()
    warm_up, calm, first, second, third = _placed(calm_orders, calm_orders, orders, orders, orders)
    calm_seconds = calm_orders * CALM_EVERY_SECONDS
    with _at_work(place) as desk:
        say("warms up")
        _pay(place, desk, warm_up, every=0.05)
        log_statements(place, wanted=True)
        say("idle")
        idle = _idle(place, idle_seconds)
        say("calm")
        counted = _count(place, desk, calm, every=CALM_EVERY_SECONDS)
        log_statements(place, wanted=False)
        say("under load")
        _pay(place, desk, first)
        before = _sizes(place)
        load = _count(place, desk, second)
        place.do("VACUUM ANALYZE")  # what was updated leaves its room to the next, as it does in the long run
        log_statements(place, wanted=True)
        logged = _count(place, desk, third)
        log_statements(place, wanted=False)
        after = _sizes(place)
    return Bill(
        idle=idle,
        calm=counted.since(idle.shared_out(1 / calm_seconds)).shared_out(calm_orders),
        load=load.shared_out(orders),
        load_logged=logged.shared_out(orders),
        bytes_kept=_kept(before, after, orders=2 * orders),
    )


def _placed(*portions: int) -> list[list[int]]:
    ids = iter([order.pk for order in pizzeria.place(pizzeria.open_restaurant(), sum(portions))])
    return [list(islice(ids, portion)) for portion in portions]


@contextmanager
def _at_work(place: Place) -> Iterator[Cashier]:
    """
    One worker with two processes, who takes the payments, a mailbox and a till.
    """
    home = place.servers.home / "outside"
    with (
        running_mailbox(home / "mailbox") as mailbox,
        running_till(home=home / "till", locations={pizzeria.LOCATION: "USD"}) as till,
        cashier(place, PRODUCT) as desk,
    ):
        told = {
            "EMAIL_HOST": mailbox.smtp_host, "EMAIL_PORT": str(mailbox.smtp_port), "EMAIL_USE_TLS": "0",
            "SQUARE_BASE_URL": till.url, "SQUARE_ACCESS_TOKEN": till.token, "POS_ORDERS_PER_SECOND": "0",
        }  # fmt: skip
        try:
            place.start_worker(
                settings=SETTINGS, **{f"ISOLATED_{name}": value for name, value in told.items()}
            )
            yield desk
        finally:
            place.dismiss()


def _idle(place: Place, seconds: float) -> Reading:
    before = read(place)
    time.sleep(seconds)
    return read(place).since(before).shared_out(seconds)


def _count(place: Place, desk: Cashier, ids: Sequence[int], *, every: float = 0) -> Reading:
    """
    What the meters have moved while these orders were paid and carried out.
    """
    before = read(place)
    paid = _pay(place, desk, ids, every=every)
    moved = read(place).since(before)
    return replace(moved, cpu_ms={**moved.cpu_ms, CASHIER: 1000 * paid.cpu_seconds})


def _pay(place: Place, desk: Cashier, ids: Sequence[int], *, every: float = 0) -> Paid:
    """
    Pay them and wait until nothing is left to do; raises TookTooLong.
    """
    desk.prepare(ids, every=every)
    paid = desk.pay()
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while left := place.rows(OPEN)[0][0]:
        if time.monotonic() > give_up_at:
            raise TookTooLong(f"{left} step runs are open after {PATIENCE_SECONDS} s.")
        time.sleep(LOOKS_EVERY_SECONDS)
    time.sleep(SETTLES_SECONDS)
    return paid


def _sizes(place: Place) -> dict[str, tuple[int, int]]:
    place.do("VACUUM ANALYZE")
    return {name: (whole, indexes) for name, whole, indexes in place.rows(SIZES)}


def _kept(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], *, orders: int
) -> dict[str, tuple[float, float]]:
    grown = {
        name: tuple((now - then) / orders for now, then in zip(sizes, before[name], strict=True))
        for name, sizes in after.items()
    }
    return {name: (whole, indexes) for name, (whole, indexes) in grown.items() if whole}
