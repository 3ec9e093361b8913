"""
What beat has done once a minute. CELERY_BEAT_SCHEDULE in the settings says when.
"""

from celery import shared_task

from operations import watch


@shared_task(ignore_result=True)
def watch_for_unusual_patterns_task() -> dict[str, int]:
    """Look for unusual patterns and tell people."""
    return {"open_alerts": watch.watch()}
