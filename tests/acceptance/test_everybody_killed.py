"""
Everybody dies at once while orders are in flight: how soon is all done after the restart?

Prints the distribution. `IN_FLIGHT=500 pytest -s tests/acceptance/test_everybody_killed.py` is what docs/guarantees.md quotes.
"""

import os
import signal
from collections.abc import Callable, Sequence

import pytest
from django.db import connection

from pipeline.models import State, StepRun
from pipeline.statements import rows
from tests.acceptance.house import House

pytestmark = pytest.mark.acceptance

IN_FLIGHT = int(os.environ.get("IN_FLIGHT", "60"))
PATIENCE_SECONDS = 240
REAL_WAITS = {"ISOLATED_RETRY_TIME_SCALE": "1"}
LANES = {
    "dispatcher": ("--queues=post_payment", "--concurrency=1"),
    "emails": ("--queues=emails", "--concurrency=2"),
    "pos_sync": ("--queues=pos_sync", "--concurrency=2"),
    "counters": ("--queues=analytics,loyalty,inventory,default", "--concurrency=1"),
}
# For each order, the seconds from the restart until its last step was done, by the database's clock.
SECONDS = """
SELECT extract(epoch FROM max(finished_at) - %(back_at)s)::float AS seconds FROM pipeline_steprun
 GROUP BY order_id HAVING max(finished_at) > %(back_at)s ORDER BY seconds
"""


def start_everybody(house: House) -> None:
    for name, options in LANES.items():
        house.start_worker(name, *options, **REAL_WAITS)


def kill_workers(house: House) -> None:
    for name in LANES:
        house.kill_worker(name)


def kill_postgres(house: House) -> None:
    gone = house.servers.postgres_pid
    os.kill(gone, signal.SIGKILL)
    # Its children live a moment longer, and answer.
    house.wait_for(
        lambda: house.servers.is_running() and house.servers.postgres_pid != gone,
        lambda: "PostgreSQL did not come back",
    )
    connection.close()


def is_back(_house: House) -> None:
    """
    The keeper has started PostgreSQL again by itself.
    """


class TestOrdersInFlight:
    @pytest.mark.parametrize(
        ("kill", "restart"),
        [(kill_workers, start_everybody), (kill_postgres, is_back)],
        ids=["every worker", "PostgreSQL"],
    )
    def test_are_all_done_soon_after_everybody_is_back(
        self, empty_house: House, kill: Callable[[House], None], restart: Callable[[House], None]
    ):
        orders = empty_house.orders(IN_FLIGHT)
        assert set(empty_house.pay(orders)) == {200}
        start_everybody(empty_house)
        empty_house.wait_for(in_the_thick_of_it, lambda: "nobody is in the middle of anything")

        kill(empty_house)
        half_sent = count_half_sent()
        restart(empty_house)
        [(back_at,)] = rows("SELECT clock_timestamp()")
        empty_house.wait_until_at_rest(orders, patience_seconds=PATIENCE_SECONDS)

        seconds = [took for (took,) in rows(SECONDS, back_at=back_at)]
        assert seconds, "all was done before anybody was killed"
        empty_house.assert_each_step_happened_once(orders, letters_twice_at_most=half_sent)
        tell(seconds)


def in_the_thick_of_it() -> bool:
    done = StepRun.objects.filter(state=State.DONE).count()
    return done >= IN_FLIGHT // 4 and StepRun.objects.filter(state=State.RUNNING).exists()


def count_half_sent() -> int:
    """
    How many letters had perhaps left when their worker (or its database) was gone.
    """
    sending = StepRun.objects.filter(state=State.RUNNING, sending_at__isnull=False, lane="emails")
    return sending.count()


def tell(seconds: Sequence[float]) -> None:
    at = {share: seconds[min(len(seconds) - 1, int(share * len(seconds)))] for share in (0.5, 0.95)}
    print(  # noqa: T201 - the figures are promised
        f"{len(seconds)} of {IN_FLIGHT} orders were in flight; done after the restart: "
        f"p50 {at[0.5]:.1f} s, p95 {at[0.95]:.1f} s, last {seconds[-1]:.1f} s"
    )
