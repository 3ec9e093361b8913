"""
P7: what a slow or dead till costs the others. The same orders with a healthy till and with one that hangs, answers with
errors, or is slow; measured are the letters and the points per second, from the promise to the last of them.

Twice: with the workers of `manage.py start_celery_workers`, which keep lanes apart, and with one plain worker, which does
not. The figure is the first; the second is told beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.lanes.house import House, open_house, wait_for
from benchmarks.lanes.sink import Mood
from benchmarks.measured import Measured
from rms_backend.supervisor.lanes import DEFAULT_LANES

MAIL, POINTS, TILL = "send_order_confirmation_email", "process_loyalty_rewards", "sync_order_to_pos"
ANSWERS_IN_SECONDS = 0.05
SLOW_SECONDS = 3.0
# How many a second were done after the first ones, so that it does not matter when the dispatcher's clock ticks.
THROUGHPUT = """
WITH done AS (
    SELECT finished_at, min(finished_at) OVER () AS first FROM pipeline_steprun
     WHERE step LIKE %s AND state = 'done' AND id > %s)
SELECT count(*) / extract(epoch FROM max(finished_at) - min(first)) FROM done WHERE finished_at > first
"""


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
    Each sick till beside a healthy one, so many times; in each set-up.
    """
    orders = 1_200 if full else 600
    measured = []
    for set_up, start in (("lanes", _start_lanes), ("one worker", _start_one)):
        pairs: dict[tuple[str, str], list[float]] = {}
        runs: list[dict[str, object]] = []
        for turn in range(repeats if set_up == "lanes" or full else 1):
            for till in SICK:
                healthy = _one(start, HEALTHY, orders=orders)  # anew for each: the two stand side by side
                sick = _one(start, till, orders=orders)
                for what in ("e-mail", "loyalty"):
                    pairs.setdefault((what, till.name), []).append(sick[what] / healthy[what])
                runs.append({"turn": turn, "till": till.name, "healthy": healthy, "sick": sick})
                say(_line(set_up, till, healthy, sick))
        measured += [
            Measured(
                figure=_figure(set_up, what, till), ratios=ratios, facts={"runs": runs, "orders": orders}
            )
            for (what, till), ratios in pairs.items()
        ]
    return measured


def _figure(set_up: str, what: str, till: str) -> str:
    return f"P7 {what}, till {till}" if set_up == "lanes" else f"P7 {what}, till {till}, one plain worker"


def _line(set_up: str, till: Till, healthy: dict[str, float], sick: dict[str, float]) -> str:
    told = ", ".join(
        f"{what} {sick[what]:.0f}/s beside {healthy[what]:.0f}/s = {sick[what] / healthy[what]:.2f}"
        for what in sick
    )
    return f"P7 {set_up}, till {till.name}: {told}"


def _one(start: Callable[[House], None], till: Till, *, orders: int) -> dict[str, float]:
    """
    One house, one till, one backlog of orders that is promised to everybody at once.
    """
    with open_house() as house:
        house.open_sink("mail", seconds=ANSWERS_IN_SECONDS)
        house.open_sink("till", mood=till.mood, seconds=till.seconds)
        start(house)
        _let_them_know_each_other(house)
        [(last,)] = house.ask("SELECT max(id) FROM pipeline_steprun")
        house.place(orders, TILL, MAIL, POINTS)
        house.wait_until_done(MAIL, POINTS)
        return {
            "e-mail": float(house.ask(THROUGHPUT, f"%{MAIL}%", last)[0][0]),
            "loyalty": float(house.ask(THROUGHPUT, f"%{POINTS}%", last)[0][0]),
        }


def _let_them_know_each_other(house: House) -> None:
    """
    The till has been like this for a while: each process has met it, and the mail server too.
    """
    house.place(160, TILL)
    met = "SELECT count(*) >= 32 FROM pipeline_steprun WHERE step LIKE %s AND state IN ('waiting', 'done')"
    wait_for(lambda: house.ask(met, f"%{TILL}%")[0][0], otherwise="the till is not met", within_seconds=60)
    house.place(160, MAIL, POINTS)
    house.wait_until_done(MAIL, POINTS)


def _start_lanes(house: House) -> None:
    """
    What `manage.py start_celery_workers` starts, without its supervisor.
    """
    for lanes in DEFAULT_LANES:
        house.start_worker(
            lanes.name, f"--queues={','.join(lanes.queues)}", f"--concurrency={lanes.concurrency}"
        )


def _start_one(house: House) -> None:
    house.start_worker("worker", "--concurrency=4")
