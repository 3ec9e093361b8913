"""
Which queue and priority a task gets: the settings' word first, then the menu's.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from celery.app.routes import MapRoute, Router, prepare
from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from pipeline.queues import Queue
from pipeline.steps import Step, menu

MOST_URGENT = 9
MIDDLE = 5


def route(name: str, *_args: object, **_kwargs: object) -> dict[str, Any]:
    """
    Celery's router: where a task of this name travels, and how urgently.

    What the caller of a task says explicitly wins over it. The default priority comes from here, because Celery's own
    (task_default_priority) counts as if the caller had said it, and is not given to a task that is sent by name.
    """
    return {"priority": MIDDLE, **_by_the_menu(name), **_configured(name)}


def lane_of(step: Step) -> str:
    """
    The lane on which the step's promises wait.
    """
    return str(route(step.name)["queue"])


def configured_routes() -> Iterator[tuple[str, dict[str, Any]]]:
    """
    Each task or pattern of tasks that CELERY_TASK_ROUTES spells out, with its route.
    """
    for router in prepare(settings.CELERY_TASK_ROUTES):
        if isinstance(router, MapRoute):  # what a function would answer is known only when it is asked
            for tasks, found in (*router.map.items(), *router.patterns.items()):
                yield getattr(tasks, "pattern", tasks), _as_route(found)


@lru_cache(maxsize=1000)  # each payment asks for each of its steps
def _configured(name: str) -> dict[str, Any]:
    return _as_route(Router(prepare(settings.CELERY_TASK_ROUTES)).lookup_route(name))


@receiver(setting_changed)
def _forget(**_changed: object) -> None:
    _configured.cache_clear()


def _by_the_menu(name: str) -> dict[str, Any]:
    if name == menu.dispatcher:
        return {"queue": Queue.POST_PAYMENT.value, "priority": MOST_URGENT}
    if name in menu:
        step = menu.find(name)
        return {"queue": str(step.queue), "priority": step.priority}
    return {}


def _as_route(found: Any) -> dict[str, Any]:
    """
    Celery takes the bare name of a queue for a route, too.
    """
    return {"queue": found} if isinstance(found, str) else dict(found or {})
