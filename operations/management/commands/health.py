"""
`python manage.py health`: the deep check for people and cron; ends with 1 when something is wrong.
"""

from typing import Any

from django.core.management.base import BaseCommand

from operations import health
from operations.health import LaneHealth, PipelineHealth


class Command(BaseCommand):
    help = (
        "Does every queue have a worker, is nothing overdue? Ends with 0 when all is well, otherwise with 1."
    )
    requires_system_checks: list[str] = []  # the answer matters most when something is wrong

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        found = health.pipeline()
        self.stdout.write("\n".join(_lines(found)))
        if not found.healthy:
            raise SystemExit(1)


def _lines(found: PipelineHealth) -> list[str]:
    since = found.seconds_since_watch
    watched = "never (start beat to have it)" if since is None else f"{since:.0f} s ago"
    return [
        f"database {found.readiness.database}, broker {found.readiness.broker}, watch {watched}",
        *(_line(lane) for lane in found.lanes),
        *(f"Alert: {said}" for said in found.alerts),
        *(f"Wrong: {complaint}" for complaint in found.complaints),
        "All is well." if found.healthy else "Not well. docs/operations.md says what to do.",
    ]


def _line(lane: LaneHealth) -> str:
    of = lane.backlog
    paused = ", paused" if of.paused else ""
    return (
        f"{of.lane:13} {lane.workers} workers, {of.open} open, {of.running} running, "
        f"overdue {of.overdue_seconds:.0f} s, oldest {of.oldest_seconds:.0f} s, {of.buried} buried{paused}"
    )
