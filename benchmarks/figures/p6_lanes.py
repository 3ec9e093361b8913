"""
P6: an outside lane at eight requests at once, of which the other side answers each after 50 ms: how much of the physical
limit of 8 / 50 ms = 160 answers a second does the product use? One worker process sends, another one dispatches.

A letter is one answer that takes its time (the one to the letter itself). An order at the till is two requests, so the
physical limit is 80 orders a second. What counts is the time from the first request to the last answer, by the sink.
"""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.lanes.bare import answers_per_second
from benchmarks.lanes.house import House, exactly_once, open_house
from benchmarks.measured import Measured

ANSWERS_IN_SECONDS = 0.05
AT_ONCE = 8
LIMIT_PER_SECOND = AT_ONCE / ANSWERS_IN_SECONDS


@dataclass(frozen=True, kw_only=True)
class Lane:
    """
    One of the two outside lanes: who answers there, and what must have come once of each order.
    """

    figure: str
    sink: str
    queue: str
    step: str
    wanted: Callable[[str], list[str]]


LANES = (
    Lane(
        figure="P6 SMTP",
        sink="mail",
        queue="emails",
        step="send_order_confirmation_email",
        wanted=lambda reference: [f"order-{reference}.confirmation@localhost.localdomain"],
    ),
    Lane(
        figure="P6 POS",
        sink="till",
        queue="pos_sync",
        step="sync_order_to_pos",
        wanted=lambda reference: [f"rung up {reference}", f"paid {reference}"],
    ),
)


def measure(*, repeats: int, full: bool, say: Callable[[str], None]) -> list[Measured]:
    """
    Both lanes in turn, so many times.
    """
    answers = 3_200 if full else 1_280
    runs: dict[str, list[dict[str, float]]] = {lane.figure: [] for lane in LANES}
    with open_house() as house:
        house.start_worker("dispatcher", "--queues=post_payment", "--concurrency=1")
        for turn in range(repeats):
            for lane in LANES:
                run = _one(house, lane, answers=answers)
                say(
                    f"{lane.figure} {turn + 1}/{repeats}: {run['per_second']:.0f}/s of {LIMIT_PER_SECOND:.0f}/s (a bare client {run['bare_client_per_second']:.0f}/s), {run['cpu_ms_per_order']:.1f} CPU-ms per order"
                )
                runs[lane.figure].append(run)
    return [
        Measured(
            figure=figure,
            ratios=[run["per_second"] / LIMIT_PER_SECOND for run in lane_runs],
            facts={"runs": lane_runs, "limit_per_second": LIMIT_PER_SECOND, "at_once": AT_ONCE},
        )
        for figure, lane_runs in runs.items()
    ]


def _one(house: House, lane: Lane, *, answers: int) -> dict[str, float]:
    house.open_sink(lane.sink, seconds=ANSWERS_IN_SECONDS)
    bare = answers_per_second(lane.sink, house.ports[lane.sink], at_once=AT_ONCE, answers=20 * AT_ONCE)
    house.truth(lane.sink)
    house.start_worker("sender", f"--queues={lane.queue}", "--concurrency=1")
    _send(house, lane, count=3 * AT_ONCE)  # warm: templates are compiled, connections stand
    count = answers // len(lane.wanted(""))
    before = house.cpu_seconds()
    truth = _send(house, lane, count=count)
    cpu = house.cpu_seconds() - before
    house.close("sender", lane.sink)
    took = truth["answered"][-1] - truth["first_at"]
    return {
        "orders": count,
        "answers": len(truth["answered"]),
        "seconds": took,
        "per_second": len(truth["answered"]) / took,
        "bare_client_per_second": bare,
        "most_at_once": truth["most_at_once"],
        "cpu_ms_per_order": 1000 * cpu / count,
    }


def _send(house: House, lane: Lane, *, count: int) -> dict:
    references = house.place(count, lane.step)
    house.wait_until_done(lane.step)
    truth = house.truth(lane.sink)
    exactly_once(truth["came"], [name for reference in references for name in lane.wanted(reference)])
    return truth
