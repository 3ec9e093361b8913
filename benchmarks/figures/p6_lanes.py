"""
P6: an outside lane at eight requests at once, of which the other side answers each after 50 ms: how much of the physical
limit of 8 / 50 ms = 160 answers a second does the product use? One worker process sends, another one dispatches.

A letter is one answer that takes its time (the one to the letter itself). An order at the till is two requests, so the
physical limit is 80 orders a second. What counts is the time from the first request to the last answer, by the sink.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.lanes import backlog
from benchmarks.lanes.bare import answers_per_second
from benchmarks.lanes.outside import Outside, exactly_once
from benchmarks.measured import Measured
from benchmarks.place import here
from orders.models import Restaurant

ANSWERS_IN_SECONDS = 0.05
AT_ONCE = 8
LIMIT_PER_SECOND = AT_ONCE / ANSWERS_IN_SECONDS
ANSWERS, ANSWERS_IN_FULL = 1_280, 3_200


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
    runs: dict[str, list[dict[str, float]]] = {lane.figure: [] for lane in LANES}
    for repeat in range(repeats):
        for lane in LANES:
            run = _one(lane, answers=ANSWERS_IN_FULL if full else ANSWERS)
            say(
                f"{repeat + 1}/{repeats} {lane.figure}: {run['per_second']:.0f}/s of {LIMIT_PER_SECOND:.0f}/s,"
                f" a bare client {run['bare_client_per_second']:.0f}/s, {run['cpu_ms_per_order']:.1f} CPU-ms per order"
            )
            runs[lane.figure].append(run)
    return [
        Measured(
            figure=figure,
            ratios=[run["per_second"] / LIMIT_PER_SECOND for run in of_lane],
            facts={"runs": of_lane, "limit_per_second": LIMIT_PER_SECOND, "at_once": AT_ONCE},
        )
        for figure, of_lane in runs.items()
    ]


def _one(lane: Lane, *, answers: int) -> dict[str, float]:
    place = here()
    place.empty()
    restaurant, outside = backlog.open_restaurant(), Outside(place=place)
    try:
        outside.open_sink(lane.sink, seconds=ANSWERS_IN_SECONDS)
        bare = answers_per_second(lane.sink, outside.ports[lane.sink], at_once=AT_ONCE, answers=20 * AT_ONCE)
        outside.truth(lane.sink)
        outside.start_worker("dispatcher", "--queues=post_payment", "--concurrency=1")
        outside.start_worker("sender", f"--queues={lane.queue}", "--concurrency=1")
        _send(outside, lane, restaurant, count=3 * AT_ONCE)  # warm: templates are compiled, connections stand
        count = answers // len(lane.wanted(""))
        before = outside.product_cpu_seconds()
        truth = _send(outside, lane, restaurant, count=count)
        cpu = outside.product_cpu_seconds() - before
    finally:
        place.dismiss()
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


def _send(outside: Outside, lane: Lane, restaurant: Restaurant, *, count: int) -> dict[str, Any]:
    references = backlog.promise_to(restaurant, count, lane.step)
    outside.wait_until_done(lane.step)
    truth = outside.truth(lane.sink)
    exactly_once(truth["came"], [name for reference in references for name in lane.wanted(reference)])
    return truth
