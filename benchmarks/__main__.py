"""
`python -m benchmarks`: measure the figures, say a line about each, write the results.
"""

import argparse
import sys
from datetime import UTC, datetime

import django
from rich.console import Console

from benchmarks import figures, machine, opening, outcome, pages, place, progress
from benchmarks.outcome import Outcome

FEWEST_REPEATS = 3


def main() -> int:
    asked = _asked()
    wanted = figures.runs(asked.only)
    screen = Console()
    began = datetime.now(UTC)
    with opening.opened() as here:
        django.setup()
        about = {**machine.facts(here), "repeats": asked.repeats, "full": asked.full}
        outcomes = _measure(wanted, asked, screen)
        path = outcome.write(outcomes, began=began, about=about)
    for one in outcomes:
        screen.print(one.line, highlight=False, soft_wrap=True)
    if not asked.only:
        pages.publish(path)
    screen.print(f"All numbers: {path}", highlight=False, soft_wrap=True)
    return outcome.exit_code(outcomes)


def _measure(wanted: list[figures.Run], asked: argparse.Namespace, screen: Console) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with progress.shown(screen, runs=len(wanted)) as begin:
        for run in wanted:
            say = begin(run.title)
            say("begins")
            try:
                measured = run.load().measure(repeats=asked.repeats, full=asked.full, say=say)
            finally:
                place.here().dismiss()
            outcomes += [Outcome.of(one) for one in measured]
            for one in outcomes[-len(measured) :]:
                say(one.line)
    return outcomes


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="further peers and larger counts")
    parser.add_argument("--only", type=_listed, default=[], help="figures, as P1,P4")
    parser.add_argument(
        "--repeats", type=int, default=FEWEST_REPEATS, help=f"pairs, {FEWEST_REPEATS} unless said otherwise"
    )
    return parser.parse_args()


def _listed(text: str) -> list[str]:
    return [part.strip().upper() for part in text.split(",") if part.strip()]


if __name__ == "__main__":
    sys.exit(main())
