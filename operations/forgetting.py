"""
The nightly forgetting: step runs that were done long ago, with their history, and events of Stripe's that changed nothing.
"""

import time
from dataclasses import dataclass

from payments.forgetting import forget_ignored_events
from pipeline import forgetting, journal
from pipeline.forgetting import Forgotten

SHORTEST_DAYS = (
    30  # so long Stripe repeats and lists events; the database itself refuses step runs that are younger
)


class TooYoung(ValueError):
    """
    What is younger than thirty days may still be asked for.
    """


@dataclass(frozen=True, kw_only=True)
class Tidied:
    """
    What was forgotten (or, in a dry run, would be).
    """

    pipeline: Forgotten
    ignored_events: int


def forget_old_runs(*, older_than_days: int, within_seconds: float, dry_run: bool = False) -> Tidied:
    """
    Forget in short transactions for at most so long; what is left is old tomorrow, too. Raises TooYoung below 30 days.
    """
    if older_than_days < SHORTEST_DAYS:
        raise TooYoung(f"{older_than_days} days are too few: keep {SHORTEST_DAYS} or more.")
    until = time.monotonic() + within_seconds
    runs = forgetting.forget(older_than_days=older_than_days, until=until, dry_run=dry_run)
    events = forget_ignored_events(older_than_days=older_than_days, until=until, dry_run=dry_run)
    if not dry_run:
        journal.record(
            "old_runs.forgotten",
            older_than_days=older_than_days,
            orders=runs.orders,
            step_runs=runs.step_runs,
            history_lines=runs.history_lines,
            ignored_events=events,
            complete=runs.complete,
        )
    return Tidied(pipeline=runs, ignored_events=events)
