"""
P7: what a slow or dead till costs the others. The same orders with a healthy till and with one that hangs, answers with
errors, or is slow; measured are the letters and the points per second while all of them wait for the till as well.

The workers are those of `manage.py start_celery_workers`, which keep lanes apart.
"""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.lanes import backlog
from benchmarks.lanes.outside import Outside, wait_for
from benchmarks.lanes.sink import Mood
from benchmarks.measured import Measured
from benchmarks.place import Place, here
from orders.models import Restaurant
from rms_backend.supervisor.lanes import DEFAULT_LANES

MAIL, POINTS, TILL = "send_order_confirmation_email", "process_loyalty_rewards", "sync_order_to_pos"
WATCHED = {"e-mail": MAIL, "loyalty": POINTS}
ANSWERS_IN_SECONDS, SLOW_SECONDS = 0.05, 3.0
ORDERS, ORDERS_IN_FULL = 600, 1_200
FIRST_ORDERS, MET = 160, 16
# How many a second were done after the first ones, so that it does not matter when the dispatcher's clock ticks.
THROUGHPUT = """
WITH done AS (
    SELECT finished_at, min(finished_at) OVER () AS first FROM pipeline_steprun
     WHERE step LIKE %s AND state = 'done' AND id > %s)
SELECT count(*) / extract(epoch FROM max(finished_at) - min(first)) FROM done WHERE finished_at > first
"""
HAVE_MET = "SELECT count(*) >= %s FROM pipeline_steprun WHERE step LIKE %s AND state IN ('waiting', 'done')"


@dataclass(frozen=True, kw_only=True)
class Till:
    """
    One way for a till to be.
    """

    name: str
    mood: Mood
    seconds: float = ANSWERS_IN_SECONDS


HEALTHY = Till(name="healthy", mood=Mood.WELL)
SICK = (
    Till(name="hanging", mood=Mood.HANGING),
    Till(name="failing", mood=Mood.FAILING),
    Till(name="slow", mood=Mood.WELL, seconds=SLOW_SECONDS),
)


def measure(*, repeats: int, full: bool, say: Callable[[str], None]) -> list[Measured]:
    """
    Each sick till beside a healthy one, so many times.
    """
    ratios: dict[str, list[float]] = {}
    runs: list[dict[str, object]] = []
    for repeat in range(repeats):
        for till in SICK:
            # Healthy anew for each, so that the two stand side by side.
            healthy, sick = (_one(one, orders=ORDERS_IN_FULL if full else ORDERS) for one in (HEALTHY, till))
            for what in WATCHED:
                ratios.setdefault(f"P7 {what}, till {till.name}", []).append(sick[what] / healthy[what])
            runs.append({"till": till.name, "healthy": healthy, "sick": sick})
            told = ", ".join(f"{what} {sick[what]:.0f}/s beside {healthy[what]:.0f}/s" for what in WATCHED)
            say(f"{repeat + 1}/{repeats} till {till.name}: {told}")
    return [Measured(figure=figure, ratios=found, facts={"runs": runs}) for figure, found in ratios.items()]


def _one(till: Till, *, orders: int) -> dict[str, float]:
    """
    One till, and one backlog of orders that is promised to everybody at once.
    """
    place = here()
    place.empty()
    restaurant, outside = backlog.open_restaurant(), Outside(place=place)
    try:
        outside.open_sink("mail", seconds=ANSWERS_IN_SECONDS)
        outside.open_sink("till", mood=till.mood, seconds=till.seconds)
        for lanes in DEFAULT_LANES:
            outside.start_worker(
                lanes.name, f"--queues={','.join(lanes.queues)}", f"--concurrency={lanes.concurrency}"
            )
        _let_them_meet(place, outside, restaurant)
        [(last,)] = place.rows("SELECT max(id) FROM pipeline_steprun")
        backlog.promise_to(restaurant, orders, TILL, MAIL, POINTS)
        outside.wait_until_done(MAIL, POINTS)
        return {what: _throughput(place, step, after=last) for what, step in WATCHED.items()}
    finally:
        place.dismiss()


def _let_them_meet(place: Place, outside: Outside, restaurant: Restaurant) -> None:
    """
    The till has been like this for a while: each process has met it, and the mail server too.
    """
    backlog.promise_to(restaurant, FIRST_ORDERS, TILL)
    wait_for(
        lambda: place.rows(HAVE_MET, MET, f"%{TILL}%")[0][0],
        otherwise="the till is not met", within_seconds=60,
    )  # fmt: skip
    backlog.promise_to(restaurant, FIRST_ORDERS, MAIL, POINTS)
    outside.wait_until_done(MAIL, POINTS)


def _throughput(place: Place, step: str, *, after: int) -> float:
    return float(place.rows(THROUGHPUT, f"%{step}%", after)[0][0])
