"""
`python manage.py doctor`: what is wrong, and what to do.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from operations.doctor.examinations import examine
from operations.doctor.finding import Level
from operations.doctor.report import as_json, as_text, has_problems

MEGABYTE = 1_000_000


class Command(BaseCommand):
    help = "Examine settings, database, broker, workers, mail, till and machine, and say what is wrong and what to do."
    requires_system_checks = []  # their complaints are findings, too

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="the report as JSON")
        parser.add_argument(
            "--patience",
            type=float,
            default=3,
            metavar="SECONDS",
            help="wait so long for an answer (default 3)",
        )
        parser.add_argument(
            "--memory-limit-mb", type=int, metavar="MB",
            help="what the workers of one machine may take together (default: 80 %% of what it has)",
        )  # fmt: skip

    def handle(self, *_arguments: Any, **options: Any) -> None:
        limit = options["memory_limit_mb"]
        results = examine(
            patience_seconds=options["patience"],
            memory_limit_bytes=None if limit is None else limit * MEGABYTE,
        )
        if options["json"]:
            self.stdout.write(as_json(results))
        else:
            encoding = getattr(self.stdout, "encoding", None) or "utf-8"
            self.stdout.write(as_text(results, paint=self._paint, encoding=encoding))
        if has_problems(results):
            sys.exit(1)

    def _paint(self, level: Level, mark: str) -> str:
        paints: dict[Level, Callable[[str], str]] = {
            Level.OK: self.style.SUCCESS,
            Level.NOTE: str,
            Level.WARNING: self.style.WARNING,
            Level.PROBLEM: self.style.ERROR,
        }
        return paints[level](mark)
