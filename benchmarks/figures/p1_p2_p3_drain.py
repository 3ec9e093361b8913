"""
P1, P2 and P3: what an order costs in all (paying it, its six effects, the servers), and how fast a backlog is drained.

In each repeat every system has its turn, so that what the machine does meanwhile meets them all.
"""

from collections.abc import Callable
from statistics import median

from benchmarks import floors, systems
from benchmarks.drain import Drained, drain
from benchmarks.measured import Measured
from benchmarks.place import here
from benchmarks.systems import CELERY_TUNED, DRAMATIQ, HUEY, OURS, System

OURS_DRAINS, OURS_WARMS_UP = 2_000, 300
PEERS_DRAIN, PEERS_WARM_UP = 300, 20
FLOORS = {floors.F1: 100, floors.F2_SIX: 300, floors.F3_SIX: 2_000}
LINEAR = (150, 600)  # beside 300: a peer's cost per order does not depend on how many there are

Runs = dict[str, list[Drained]]


def measure(*, repeats: int, full: bool, say: Callable[[str], None]) -> list[Measured]:
    """
    One turn of everybody per repeat.
    """
    runs: Runs = {}
    peers = (*systems.PEERS, *(systems.FURTHER_PEERS if full else ()))
    for repeat in range(repeats):
        for system in (OURS, *peers):
            _note(
                runs, system.name, _drained(system, full=full), say, f"{repeat + 1}/{repeats} {system.title}"
            )
            if system.is_ours:
                _note_floors(runs, say, f"{repeat + 1}/{repeats}")
    linear = _whether_linear(say) if full else {}
    facts = {name: _facts(of_one) for name, of_one in runs.items()}
    return [
        _less("P1", CELERY_TUNED, runs, {"systems": facts, "linear": linear}),
        _less("P2 Huey", HUEY, runs, {}),
        _less("P2 Dramatiq", DRAMATIQ, runs, {}),
        Measured(figure="P3", ratios=_shares(runs), facts={}),
    ]


def _drained(system: System, *, full: bool) -> Drained:
    if system.is_ours:
        return drain(here(), system, count=OURS_DRAINS * (2 if full else 1), before=OURS_WARMS_UP)
    return drain(here(), system, count=PEERS_DRAIN, before=PEERS_WARM_UP)


def _note_floors(runs: Runs, say: Callable[[str], None], turn: str) -> None:
    for floor, count in FLOORS.items():
        _note(runs, floor, floors.run(here(), floor, count=count), say, f"{turn} floor {floor}")


def _note(runs: Runs, name: str, run: Drained, say: Callable[[str], None], turn: str) -> None:
    runs.setdefault(name, []).append(run)
    say(f"{turn}: {run.total_ms:.2f} CPU-ms per order, {run.drained_per_second:.0f} orders/s")


def _whether_linear(say: Callable[[str], None]) -> dict[str, float]:
    found = {}
    for count in LINEAR:
        run = drain(here(), CELERY_TUNED, count=count, before=PEERS_WARM_UP)
        found[str(count)] = round(run.total_ms, 2)
        say(f"linear? {count} orders: {run.total_ms:.2f} CPU-ms per order")
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
