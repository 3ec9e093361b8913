"""
`python -m benchmarks.scale`: what one, two, four and eight workers and dispatchers cost each other, and what one order asks
of each server. docs/scale-out.md calculates with it.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import django
from rich.console import Console

from benchmarks import machine, opening, progress
from benchmarks.outcome import RESULTS
from benchmarks.place import Place

if TYPE_CHECKING:
    from benchmarks.scaling.bill import Bill
    from benchmarks.scaling.ladder import Rung

REPEATS, ORDERS = 3, 1_000
FOLDER = RESULTS / "scale"  # of its own: benchmarks/pages.py reads what lies above it as figures


def main() -> None:
    asked = _asked()
    screen = Console()
    began = datetime.now(UTC)
    with opening.opened() as here:
        django.setup()
        from benchmarks.scaling import tables  # noqa: PLC0415 - Django must be set up

        about = {**machine.facts(here), "repeats": asked.repeats, "orders": asked.orders}
        rungs = _climb(here, asked, screen)
        bill = _bill(here, asked, screen)
    told = {
        "began": began.isoformat(), **about,
        "rungs": [tables.rung_facts(rung) for rung in rungs], "bill": bill.facts(),
    }  # fmt: skip
    path = _write(told, began=began)
    for line in (*tables.contention(rungs), "", *tables.bill(bill)):
        screen.print(line, highlight=False, soft_wrap=True)
    screen.print(f"All numbers: {path}", highlight=False, soft_wrap=True)


def _climb(here: Place, asked: argparse.Namespace, screen: Console) -> "list[Rung]":
    from benchmarks.scaling.ladder import LADDERS, MANY  # noqa: PLC0415 - Django must be set up

    rungs: list[Rung] = []
    with progress.shown(screen, runs=len(LADDERS) * asked.repeats) as begin:
        for repeat in range(asked.repeats):
            for ladder in LADDERS:
                say = begin(f"repeat {repeat + 1}, {ladder.kind}")
                many = MANY if repeat % 2 == 0 else MANY[::-1]
                rungs += ladder.climb(here, count=asked.orders, many=many, say=say)
    return rungs


def _bill(here: Place, asked: argparse.Namespace, screen: Console) -> "Bill":
    from benchmarks.scaling import bill  # noqa: PLC0415 - Django must be set up

    with progress.shown(screen, runs=1) as begin:
        return bill.draw_up(here, orders=asked.orders // 2, say=begin("what one order asks"))


def _write(told: dict[str, object], *, began: datetime) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{began:%Y-%m-%d-%H%M%S}.json"
    path.write_text(json.dumps(told, indent=1, default=str) + "\n")
    return path


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--orders", type=int, default=ORDERS, help=f"on each rung, {ORDERS} unless said otherwise"
    )
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"{REPEATS} unless said otherwise")
    return parser.parse_args()


if __name__ == "__main__":
    main()
