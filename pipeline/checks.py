"""
What can be wrong with the menu and the routes, found at start and not at night.
"""

import difflib
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's own name

from pipeline.outside import TAKES_ON_NEW_FOR_SECONDS
from pipeline.queues import Queue
from pipeline.routing import MIDDLE, MOST_URGENT, configured_routes
from pipeline.steps import Effect, Step, menu

FULL_GRACE_SECONDS = 30  # what the settings leave for cleaning up, unless the limit is very short


@register()
def check_the_routes(**_kwargs: Any) -> list[CheckMessage]:
    """
    Every route names a lane that exists, and a priority that does.
    """
    return [problem for tasks, route in configured_routes() for problem in _problems_of_route(tasks, route)]


@register()
def check_the_default_priority(**_kwargs: Any) -> list[CheckMessage]:
    """
    Celery's default priority would make every other one void: it counts as if the caller of a task had said it.
    """
    if getattr(settings, "CELERY_TASK_DEFAULT_PRIORITY", None) is None:
        return []
    said = "CELERY_TASK_DEFAULT_PRIORITY is set, and wins over the priorities of all routes."
    return [Error(said, hint=f"Remove it. Without it a task has {MIDDLE}.", id="pipeline.E005")]


@register()
def check_the_menu(**_kwargs: Any) -> list[CheckMessage]:
    """
    There is a menu, and every step ends before a worker is made to end.
    """
    if not list(menu):
        return [Error("No step is declared.", hint="Declare them in payments/tasks.py.", id="pipeline.E002")]
    return [problem for step in menu for problem in _problems_of(step)]


def _problems_of_route(tasks: str, route: dict[str, Any]) -> list[CheckMessage]:
    lanes = [queue.value for queue in Queue]
    problems: list[CheckMessage] = []
    if route.get("queue", Queue.DEFAULT) not in lanes:
        said = f"CELERY_TASK_ROUTES sends {tasks} to the queue {route['queue']!r}, which no worker serves."
        problems.append(Error(said, hint=_did_you_mean(str(route["queue"]), lanes), id="pipeline.E001"))
    if route.get("priority", MOST_URGENT) not in range(MOST_URGENT + 1):
        said = f"CELERY_TASK_ROUTES gives {tasks} the priority {route['priority']!r}."
        problems.append(Error(said, hint="Write 0 to 9, higher is sooner.", id="pipeline.E004"))
    return problems


def _problems_of(step: Step) -> list[CheckMessage]:
    # A message takes on new orders for a while. What is under way then may take as long as its lease, and so may the group
    # that was claimed behind it.
    longest = step.lease_seconds
    if step.effect is Effect.OUTSIDE:
        longest = TAKES_ON_NEW_FOR_SECONDS + 2 * step.lease_seconds
    if longest <= settings.CELERY_TASK_SOFT_TIME_LIMIT:
        return []
    grace = settings.CELERY_TASK_TIME_LIMIT - settings.CELERY_TASK_SOFT_TIME_LIMIT
    said = (
        f"CELERY_TASK_TIME_LIMIT is {settings.CELERY_TASK_TIME_LIMIT} s, of which the last {grace} s are for "
        f"cleaning up, but a message of {step.name} may take {longest} s."
    )
    hint = f"Set it to {longest + max(grace, FULL_GRACE_SECONDS)} or more."
    if settings.DEBUG:  # a developer may look at what a short limit does; no promise is lost by it
        return [Warning(said, hint=hint, id="pipeline.W003")]
    return [Error(said, hint=hint, id="pipeline.E003")]


def _did_you_mean(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(known)}."
