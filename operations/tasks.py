"""
What beat has done: the watch once a minute, reconciliation once an hour, forgetting once a night. CELERY_BEAT_SCHEDULE in the settings says when.
"""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from operations import watch
from operations.forgetting import forget_old_runs
from payments.reconciliation import reconcile_on_schedule
from pipeline.connections import with_a_usable_connection

SPARE_SECONDS = 15  # to end well before the worker interrupts us


@shared_task(ignore_result=True)
def watch_for_unusual_patterns_task() -> dict[str, int]:
    """Look for unusual patterns and tell people."""
    return {"open_alerts": watch.watch()}


@shared_task(ignore_result=True)
@with_a_usable_connection
def reconcile_payments_task() -> dict[str, object]:
    """Ask Stripe what its webhook did not tell us."""
    report = reconcile_on_schedule(now=timezone.now(), within_seconds=_most_seconds())
    return {"missed": report.missed, "repaired_orders": len(report.orders), "because": report.because}


@shared_task(ignore_result=True)
@with_a_usable_connection
def forget_old_runs_task() -> dict[str, object]:
    """Forget what was done long ago."""
    done = forget_old_runs(older_than_days=settings.STEP_RUNS_KEPT_DAYS, within_seconds=_most_seconds())
    return {"orders": done.pipeline.orders, "ignored_events": done.ignored_events}


def _most_seconds() -> int:
    return max(settings.CELERY_TASK_SOFT_TIME_LIMIT - SPARE_SECONDS, 1)
