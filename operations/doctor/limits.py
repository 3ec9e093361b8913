"""
Time limits that must fit into one another.
"""

from typing import Any

from django.conf import settings

from operations.doctor.configuration import OF_THE_TIME_LIMITS, complaints
from operations.doctor.finding import Finding, ok, problem, warning
from pipeline.queues import Queue
from pipeline.steps import menu

USUAL_VISIBILITY_SECONDS = 3600  # kombu's own


def of_tasks() -> list[Finding]:
    """
    Does every message end before its worker is made to end?
    """
    said = f"CELERY_TASK_TIME_LIMIT ({settings.CELERY_TASK_TIME_LIMIT} s) leaves time for each message."
    return complaints(OF_THE_TIME_LIMITS, subject="tasks") or [ok("tasks", said)]


def of_redelivery() -> list[Finding]:
    """
    Is a message that is being worked on left alone for long enough?
    """
    options: dict[str, Any] = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    told = options.get("visibility_timeout", USUAL_VISIBILITY_SECONDS)
    limit = settings.CELERY_TASK_TIME_LIMIT
    if told <= limit:
        said = f"visibility_timeout is {told} s, CELERY_TASK_TIME_LIMIT {limit} s: a slow task is delivered twice."
        return [warning("redelivery", said, f"Set visibility_timeout to {limit * 2} or more.")]
    return [ok("redelivery", f"visibility_timeout ({told} s) is longer than the longest task ({limit} s).")]


def of_letters() -> list[Finding]:
    """
    Does a letter give up before somebody else may take it over?
    """
    lease = min((step.lease_seconds for step in menu if step.queue is Queue.EMAILS), default=0)
    timeout = settings.EMAIL_TIMEOUT
    if timeout is None or (lease and timeout >= lease):
        said = (
            f"EMAIL_TIMEOUT is {timeout}, the lease of a letter {lease} s: a slow letter may be sent twice."
        )
        return [problem("letters", said, f"Set EMAIL_TIMEOUT to {lease - 10} or less.")]
    return [ok("letters", f"EMAIL_TIMEOUT ({timeout} s) ends before the lease of a letter ({lease} s).")]
