"""
When Stripe was asked what we missed, how far back the next time has to look, and what the watch wants to know of it.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Now

from payments.models import Reconciliation
from pipeline.statements import rows

OVERLAP = timedelta(hours=1)
STRIPE_KEEPS_EVENTS = timedelta(days=30)
KEPT = timedelta(days=90)

# A run without an end counts once it can no longer be under way.
FAILING = """
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(began_at)), 0)
  FROM payments_reconciliation
 WHERE scheduled AND (because <> '' OR (ended_at IS NULL AND began_at < clock_timestamp() - interval '1 hour'))
   AND began_at > coalesce((SELECT max(began_at) FROM payments_reconciliation
                             WHERE scheduled AND ended_at IS NOT NULL AND because = ''), '-infinity')
"""


def repaired_lately(*, within_seconds: int) -> int:
    """
    How many orders were repaired within that time.
    """
    lately = Reconciliation.objects.filter(began_at__gt=Now() - timedelta(seconds=within_seconds))
    return lately.aggregate(sum=Sum("repaired_orders"))["sum"] or 0


def failing_for_seconds() -> float:
    """
    For how long scheduled runs have failed, 0 where the last one came to its end.
    """
    return float(rows(FAILING)[0][0])


def since_the_last(*, now: datetime) -> datetime:
    """
    From when on the next scheduled run has to look: STRIPE_RECONCILE_HOURS back, or to the last one that came to its end.
    """
    since = now - timedelta(hours=settings.STRIPE_RECONCILE_HOURS)
    complete = Reconciliation.objects.filter(scheduled=True, ended_at__isnull=False, because="")
    last = complete.order_by("-began_at").values_list("began_at", flat=True).first()
    if last is not None:
        since = min(since, last - OVERLAP)
    return max(since, now - STRIPE_KEEPS_EVENTS)


def forget_the_old() -> None:
    """
    Remove runs of which nobody asks any more.
    """
    Reconciliation.objects.filter(began_at__lt=Now() - KEPT).delete()
