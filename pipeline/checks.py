"""
What can be wrong with the menu and the routes, found at start and not at night.
"""

import difflib
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from pipeline.queues import Queue
from pipeline.steps import Effect, Step, menu


@register()
def check_the_routes(**_kwargs: Any) -> list[CheckMessage]:
    """
    Every route names a lane that exists.
    """
    lanes = [queue.value for queue in Queue]
    return [
        Error(
            f"CELERY_TASK_ROUTES sends {task} to the queue {route['queue']!r}, which no worker serves.",
            hint=_did_you_mean(str(route["queue"]), lanes),
            id="pipeline.E001",
        )
        for task, route in settings.CELERY_TASK_ROUTES.items()
        if "queue" in route and route["queue"] not in lanes
    ]


@register()
def check_the_menu(**_kwargs: Any) -> list[CheckMessage]:
    """
    There is a menu, and every step ends before a worker is made to end.
    """
    if not list(menu):
        return [Error("No step is declared.", hint="Declare them in payments/tasks.py.", id="pipeline.E002")]
    return [problem for step in menu for problem in _problems_of(step)]


def _problems_of(step: Step) -> list[CheckMessage]:
    limit = settings.CELERY_TASK_TIME_LIMIT
    if step.effect is Effect.OUTSIDE and step.lease_seconds + 60 > limit:
        return [
            Error(
                f"CELERY_TASK_TIME_LIMIT is {limit} s, but a message of {step.name} may take "
                f"{step.lease_seconds + 60} s.",
                hint=f"Set it to {step.lease_seconds + 60} or more.",
                id="pipeline.E003",
            )
        ]
    return []


def _did_you_mean(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(known)}."
