"""
Used by whoever runs the workers of one machine: a developer at a terminal, or one service of a process manager.
"""

import sys
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter

from pipeline.queues import Queue
from rms_backend.supervisor.lanes import DEFAULT_LANES
from rms_backend.supervisor.names import CannotKeepNames
from rms_backend.supervisor.ports import NoPortIsFree
from rms_backend.supervisor.running import dry_run, run
from rms_backend.supervisor.wishes import LOG_LEVELS, POOLS, ImpossibleWish, Wishes

WHAT_RUNS = "\n".join(
    f"  {lanes.name:<11}{','.join(lanes.queues)} ({lanes.concurrency} at once)" for lanes in DEFAULT_LANES
)
EXPLAINED = f"""\
Start the Celery workers of this machine and keep them up until you stop them.

Without options these workers run, so that a till or a mail server that hangs never holds up the rest:

{WHAT_RUNS}

A process that dies is started again after 1, 2, 4, … 30 seconds. After five quick deaths in a row of one of them
everything is stopped, and the exit status is 1. `celery control shutdown` only restarts workers that run here.

Ctrl-C, SIGTERM and SIGHUP stop everything once what is at work is finished; the exit status is 0. A second Ctrl-C or
SIGTERM ends it now: what was at work is taken up again by the next worker.
"""
EXAMPLES = """\
examples:
  python manage.py start_celery_workers
  python manage.py start_celery_workers --beat --flower
  python manage.py start_celery_workers --workers 2 --queues emails,pos_sync
  python manage.py start_celery_workers --queues emails --concurrency 4 --dry-run
"""


OPTIONS: dict[str, dict[str, Any]] = {
    "--queues": {
        "metavar": "A,B",
        "help": f"One worker that serves all of these, in place of the workers above: {', '.join(Queue)}. "
        "Somewhere one must serve post_payment, or nothing is ever sent to the others.",
    },
    "--workers": {
        "metavar": "N",
        "type": int,
        "default": 1,
        "help": "So many of each worker: `--workers 2 --queues emails,pos_sync` runs two, each of which serves both "
        "queues; without --queues, two of each worker above. Default: 1.",
    },
    "--concurrency": {
        "metavar": "N",
        "type": int,
        "help": "Tasks at once in each worker, in place of the numbers above. Default for --queues: 2.",
    },
    "--pool": {
        "metavar": "POOL",
        "default": "prefork",
        "help": f"{', '.join(POOLS)}: what a worker does its tasks in. With threads and solo no time limit ends a task "
        "that hangs. Default: prefork (processes).",
    },
    "--loglevel": {
        "metavar": "LEVEL",
        "default": "info",
        "help": f"{', '.join(LOG_LEVELS)}: what workers and beat say. Default: info.",
    },
    "--beat": {"action": "store_true", "help": "Also start the scheduler for housekeeping."},
    "--flower": {"action": "store_true", "help": "Also start Flower, at port 5555 or the next free one."},
    "--dry-run": {
        "action": "store_true",
        "help": "Print the command lines, ready to be copied; start nothing.",
    },
}
WISHES = ("queues", "workers", "concurrency", "pool", "loglevel", "beat", "flower")


class _Formatter(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """
    Django's order of the options, and our own line breaks.
    """


class Command(BaseCommand):
    """
    Start workers, and beat and Flower if wanted, and keep them up.
    """

    help = EXPLAINED

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=_Formatter, epilog=EXAMPLES, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        for option, details in OPTIONS.items():
            parser.add_argument(option, **details)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            wishes = Wishes.from_words(**{name: options[name] for name in WISHES})
            if options["dry_run"]:
                dry_run(wishes, self.stdout)
            elif status := run(wishes, sys.stdout):
                raise SystemExit(status)
        except (ImpossibleWish, CannotKeepNames, NoPortIsFree) as complaint:
            raise CommandError(str(complaint)) from complaint
