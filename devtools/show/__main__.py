"""
`python -m devtools.show [--once] [--orders N|all]`: the main job, from an empty folder to a table that adds up.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console

from devtools.show import pizza_place
from devtools.show.crew import DidNotStart
from devtools.show.stage import AlreadyRunning, Stage
from embedded import EmbeddedServersFailed

USUAL_ORDERS = 100
USUAL_EVENING_SECONDS = 40.0
screen = Console(highlight=False)


def main(argv: Sequence[str] | None = None) -> int:
    """
    Carry out the show; 0 only if nothing was lost and nothing doubled.
    """
    wanted = _arguments(argv)
    signal.signal(signal.SIGTERM, _leave)
    stage = Stage(in_a_rush=_length(wanted.orders) == 0)
    try:
        stage.set()
        return _perform(stage, orders=wanted.orders, once=wanted.once)
    except (AlreadyRunning, DidNotStart, EmbeddedServersFailed) as trouble:
        screen.print(f"[bold red]The show could not go on.[/] {trouble}", markup=True)
        return 1
    except KeyboardInterrupt:
        screen.print("\nStopped.")
        return 130


def _perform(stage: Stage, *, orders: int, once: bool) -> int:
    # Only now, because the settings read the environment that the stage has set.
    from devtools.show.performance import Performance  # noqa: PLC0415

    with Performance(stage=stage, screen=screen) as show:
        show.open()
        show.serve(pizza_place.an_evening(orders), lasts_seconds=_length(orders))
        ok = show.close()
        if not once:
            with suppress(KeyboardInterrupt):  # the way to end it
                show.stay()
    return 0 if ok else 1


def _length(orders: int) -> float:
    # Paced like an evening while that is bearable, as fast as it goes beyond.
    return USUAL_EVENING_SECONDS * min(1.0, orders / USUAL_ORDERS) if orders <= 2 * USUAL_ORDERS else 0.0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end when the table is shown")
    parser.add_argument("--orders", type=_orders, default=USUAL_ORDERS, metavar="N|all")
    return parser.parse_args(argv)


def _orders(text: str) -> int:
    most = len(pizza_place.orders())
    if text == "all":
        return most
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number from 1 to {most}, or 'all'")
    return int(text)


def _leave(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
