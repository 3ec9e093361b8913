"""
`manage.py forget_old_runs --older-than 400d`: forget what was done long ago.
"""

import re
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.forgetting import SHORTEST_DAYS, Tidied, forget_old_runs

A_DAY = 24 * 60 * 60


class Command(BaseCommand):
    """
    Forget, and say how much.
    """

    help = (
        "Forget the step runs, and their history, of orders of which everything was done so long ago, and Stripe's "
        "events that changed nothing. Orders, payments and what the steps have done stay; so does every order of which "
        "a step is open, buried, discarded or skipped. Beat does this every night (STEP_RUNS_KEPT_DAYS)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than",
            type=days,
            metavar="DAYS",
            help=f"such as 400d, at least {SHORTEST_DAYS}d (default: STEP_RUNS_KEPT_DAYS)",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count; change nothing")

    def handle(self, *args: Any, older_than: int | None, dry_run: bool, **options: Any) -> None:
        older_than = older_than or settings.STEP_RUNS_KEPT_DAYS
        if not older_than:
            raise CommandError(
                "STEP_RUNS_KEPT_DAYS is 0: all is kept for ever. Say --older-than 400d to do it now."
            )
        done = forget_old_runs(older_than_days=older_than, within_seconds=A_DAY, dry_run=dry_run)
        self.stdout.write(sentence(done, older_than, dry_run=dry_run))
        if not done.pipeline.complete:
            raise CommandError("Somebody else is forgetting just now: the rest is left to them.")


def days(text: str) -> int:
    """
    The number of days that is meant; raises ArgumentTypeError for what is none, or too few.
    """
    said = re.fullmatch(r"(\d{1,5})d?", text)
    if said is None or int(said[1]) < SHORTEST_DAYS:
        raise ArgumentTypeError(f"{text!r}: write {SHORTEST_DAYS}d or more, for example 400d.")
    return int(said[1])


def sentence(done: Tidied, older_than: int, *, dry_run: bool) -> str:
    """
    What was forgotten, in words.
    """
    verb = "Would forget" if dry_run else "Forgot"
    runs = done.pipeline
    return (
        f"{verb} {runs.step_runs} step runs (orders: {runs.orders}, lines of history: {runs.history_lines}) and "
        f"{done.ignored_events} ignored events, all older than {older_than} days."
    )
