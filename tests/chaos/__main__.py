"""
`python -m tests.chaos [--minutes M] [--seed S]`: everything breaks for minutes, and nothing is lost or done twice.

It ends with a table and one sentence, writes `var/chaos/<seed>-<date>.json`, and fails if anything was lost or doubled, an
invariant broke, the naive control lost nothing, or a mutant survived.
"""

import argparse
import os
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from embedded import Servers
from tests.chaos.terms import ROOT, Terms, home

USUAL_MINUTES = 10.0
USUAL_ORDERS_PER_SECOND = 5.0
screen = Console(highlight=False)


def main(argv: Sequence[str] | None = None) -> int:
    """
    Carry out one run; 0 only if every guarantee held and every control failed as it must.
    """
    wanted = _arguments(argv)
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, _leave)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="rms_backend.settings",
        RMS_ISOLATED="1",
        ISOLATED_EMBEDDED_HOME=str(home("chaos")),
        ISOLATED_LOG_LEVEL="ERROR",
    )
    Servers(home("chaos")).remove()  # of a process that had our number and was killed
    terms = Terms(
        seed=wanted.seed,
        load_seconds=wanted.minutes * 60,
        orders_per_second=wanted.rate,
        acks_late=wanted.acks_late,
        visibility_timeout=wanted.visibility_timeout,
    )
    # Only now: the settings read the environment.
    from tests.chaos.run import run  # noqa: PLC0415

    try:
        return run(terms, screen=screen, controls=wanted.controls, to=wanted.out)
    except KeyboardInterrupt:
        screen.print("\nStopped.")
        return 130


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=USUAL_MINUTES, help="how long orders flow (10)")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10**6), help="the same seed, the same storm"
    )
    parser.add_argument(
        "--rate", type=float, default=USUAL_ORDERS_PER_SECOND, metavar="N", help="orders a second (5)"
    )
    parser.add_argument("--acks-late", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument(
        "--visibility-timeout", type=int, default=3600, metavar="S", help="of the broker (3600)"
    )
    parser.add_argument(
        "--controls",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also the naive pipeline and the mutants, which must fail",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write (var/chaos/<seed>-<date>.json)"
    )
    return parser.parse_args(argv)


def _leave(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
