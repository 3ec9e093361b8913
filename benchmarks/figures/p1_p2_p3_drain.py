"""
P1, P2 and P3: what an order costs in all (paying it, its six effects, the servers), and how fast a backlog is drained.

In each repeat every system has its turn, so that what the machine does meanwhile meets them all.
"""

from collections.abc import Callable
from functools import partial
from statistics import median

from benchmarks import floors, systems
from benchmarks.drain import Drained, drain
from benchmarks.measured import Measured
from benchmarks.place import here
from benchmarks.systems import CELERY_TUNED, DRAMATIQ, HUEY, OURS, System

OURS_DRAINS, OURS_WARMS_UP = 2_000, 300
PEERS_DRAIN, PEERS_WARM_UP = 300, 20
# The one that P3 speaks of next to us.
FLOORS = {floors.F3_SIX: 2_000, floors.F2_SIX: 300, floors.F1: 100}
LINEAR = (150, 600)  # beside 300: a peer's cost per order does not depend on how many there are

Runs = dict[str, list[Drained]]
Turn = tuple[str, Callable[[], Drained]]  # whose it is


def measure(*, repeats: int, full: bool, say: Callable[[str], None]) -> list[Measured]:
    """
    One turn of everybody per repeat, every other time in the opposite order.
    """
    runs: Runs = {}
    turns = _turns(full=full)
    for repeat in range(repeats):
        for name, turn in turns if repeat % 2 == 0 else reversed(turns):
            run = turn()
            runs.setdefault(name, []).append(run)
            say(f"{repeat + 1}/{repeats} {name}: {_shown(run)}")
    linear = _whether_linear(say) if full else {}
    facts = {name: _facts(of_one) for name, of_one in runs.items()}
    return [
        _less("P1", CELERY_TUNED, runs, {"systems": facts, "linear": linear}),
        _less("P2 Huey", HUEY, runs, {}),
        _less("P2 Dramatiq", DRAMATIQ, runs, {}),
        Measured(figure="P3", ratios=_shares(runs), facts={}),
    ]


def _turns(*, full: bool) -> list[Turn]:
    ours = partial(drain, here(), OURS, count=OURS_DRAINS * (2 if full else 1), before=OURS_WARMS_UP)
    peers = (*systems.PEERS, *(systems.FURTHER_PEERS if full else ()))
    return [
        (OURS.name, ours),
        *((floor, partial(floors.run, here(), floor, count=count)) for floor, count in FLOORS.items()),
        *(
            (peer.name, partial(drain, here(), peer, count=PEERS_DRAIN, before=PEERS_WARM_UP))
            for peer in peers
        ),
    ]


def _shown(run: Drained) -> str:
    return f"{run.total_ms:.2f} CPU-ms per order, {run.drained_per_second:.0f} orders/s"


def _whether_linear(say: Callable[[str], None]) -> dict[str, float]:
    found = {}
    for count in LINEAR:
        run = drain(here(), CELERY_TUNED, count=count, before=PEERS_WARM_UP)
        found[str(count)] = round(run.total_ms, 2)
        say(f"linear? {count} orders: {_shown(run)}")
    return found


def _less(figure: str, peer: System, runs: Runs, facts: dict[str, object]) -> Measured:
    pairs = zip(runs[peer.name], runs[OURS.name], strict=True)
    return Measured(
        figure=figure, ratios=[theirs.total_ms / ours.total_ms for theirs, ours in pairs], facts=facts
    )


def _shares(runs: Runs) -> list[float]:
    pairs = zip(runs[OURS.name], runs[floors.F3_SIX], strict=True)
    return [ours.drained_per_second / floor.drained_per_second for ours, floor in pairs]


def _facts(of_one: list[Drained]) -> dict[str, object]:
    return {
        "cpu_ms_per_order": round(median(run.total_ms for run in of_one), 3),
        "drained_per_second": round(median(run.drained_per_second for run in of_one), 1),
        "paid_per_second": round(median(run.paid_per_second for run in of_one), 1),
        "runs": [run.facts() for run in of_one],
    }
