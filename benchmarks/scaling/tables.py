"""
The short tables that a run prints, and the same for the results file.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from statistics import median

from benchmarks.outcome import short
from benchmarks.scaling.bill import Bill
from benchmarks.scaling.ladder import Rung
from benchmarks.scaling.meters import Reading

PARTS = ("cashier", "workers", "postgres", "broker")
Column = Callable[[Rung], float]
COLUMNS: dict[str, Column] = {
    "CPU-ms/order": lambda rung: rung.drained.total_ms,
    **{part: lambda rung, part=part: rung.drained.cpu_ms[part] for part in PARTS},  # type: ignore[misc]
    "orders/s": lambda rung: rung.drained.drained_per_second,
    "rounds": lambda rung: rung.rounds.made,
    "empty": lambda rung: rung.rounds.empty,
    "waits on locks, %": lambda rung: 100 * rung.locked / max(rung.looks, 1),
}


def contention(rungs: Sequence[Rung]) -> Iterator[str]:
    """
    A line for each rung, the medians over the repeats; what was late or doubled is added up.
    """
    yield _line("", [*COLUMNS, "late", "doubled"])
    for kind, many in dict.fromkeys((rung.kind, rung.many) for rung in sorted(rungs, key=_place_in_table)):
        same = [rung for rung in rungs if (rung.kind, rung.many) == (kind, many)]
        cells = [short(median(column(rung) for rung in same)) for column in COLUMNS.values()]
        summed = [str(sum(column(rung) for rung in same)) for column in (_late, _doubled)]
        yield _line(f"{many} {kind}", [*cells, *summed])


def bill(counted: Bill) -> Iterator[str]:
    """
    What a second and what an order asks of the servers, and what an order leaves in the tables.
    """
    columns: dict[str, Reading] = {
        "idle, a second": counted.idle,
        "calm, an order": counted.calm,
        "load, an order": counted.load,
        "load, logged": counted.load_logged,
    }
    yield _line("", list(columns))
    for name in counted.idle.plain():
        yield _line(name.replace("_", " "), [short(reading.plain()[name]) for reading in columns.values()])
    for part in counted.load.cpu_ms:
        yield _line(f"CPU-ms, {part}", [short(reading.cpu_ms.get(part)) for reading in columns.values()])
    yield ""
    yield _line("bytes an order leaves", ["table and indexes", "of it indexes"])
    for table, (whole, indexes) in sorted(counted.bytes_kept.items(), key=lambda pair: -pair[1][0]):
        yield _line(table, [f"{whole:.0f}", f"{indexes:.0f}"])


def rung_facts(rung: Rung) -> dict[str, object]:
    """
    The numbers for the results file.
    """
    return {**asdict(rung), "drained": rung.drained.facts()}


def _late(rung: Rung) -> int:
    return rung.late


def _doubled(rung: Rung) -> int:
    return rung.doubled


def _place_in_table(rung: Rung) -> tuple[str, int]:
    return (rung.kind != "workers") * "z" + rung.kind, rung.many


def _line(what: str, cells: Sequence[str]) -> str:
    return f"{what:<24}" + "".join(f"{cell:>18}" for cell in cells)
