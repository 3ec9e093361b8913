"""
Which queue and priority a task gets: the settings' word first, then the menu's.
"""

from typing import Any

from django.conf import settings

from pipeline.queues import Queue
from pipeline.steps import Step, menu

MOST_URGENT = 9


def route(name: str, *_args: object, **_kwargs: object) -> dict[str, Any] | None:
    """
    Celery's router: where a task of this name travels; None where neither settings nor menu know it.
    """
    configured = dict(getattr(settings, "CELERY_TASK_ROUTES", {}).get(name, {}))
    if name == menu.dispatcher:
        return {"queue": Queue.POST_PAYMENT.value, "priority": MOST_URGENT, **configured}
    if name in menu:
        step = menu.find(name)
        return {"queue": str(step.queue), "priority": step.priority, **configured}
    return configured or None


def lane_of(step: Step) -> str:
    """
    The lane on which the step's promises wait.
    """
    return str((route(step.name) or {})["queue"])
