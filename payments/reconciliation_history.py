"""
When Stripe was asked what we missed, how far back the next time has to look, and what the watch wants to know of it.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Now

from payments.models import Reconciliation
from pipeline.statements import rows

MAY_BE_ON_ITS_WAY = timedelta(
    minutes=5
)  # Stripe's first delivery of an event; the schedule looks at what is older
OVERLAP = timedelta(hours=1)
STRIPE_KEEPS_EVENTS = timedelta(days=30)
KEPT = timedelta(days=90)

# A person's run counts, too, where it looked back to the last scheduled one that was complete (or where none was, as far as
# the first that failed); nobody need look further back than Stripe keeps events.
LAST_COMPLETE = """
SELECT max(run.began_at)
  FROM payments_reconciliation AS run
 WHERE run.ended_at IS NOT NULL AND run.because = ''
   AND (run.scheduled OR run.since <= greatest(
         run.began_at - interval '30 days',
         coalesce((SELECT max(began_at) - interval '5 minutes' FROM payments_reconciliation
                    WHERE scheduled AND ended_at IS NOT NULL AND because = '' AND began_at < run.began_at),
                  (SELECT min(since) FROM payments_reconciliation WHERE scheduled AND began_at < run.began_at))))
"""
# A run without an end counts once it can no longer be under way.
FAILING = f"""
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(began_at)), 0)
  FROM payments_reconciliation
 WHERE scheduled AND (because <> '' OR (ended_at IS NULL AND began_at < clock_timestamp() - interval '1 hour'))
   AND began_at > coalesce(({LAST_COMPLETE}), '-infinity')
"""  # noqa: S608 - only our own words


def repaired_lately(*, within_seconds: int) -> int:
    """
    How many orders were repaired within that time.
    """
    lately = Reconciliation.objects.filter(began_at__gt=Now() - timedelta(seconds=within_seconds))
    return lately.aggregate(sum=Sum("repaired_orders"))["sum"] or 0


def failing_for_seconds() -> float:
    """
    For how long scheduled runs have failed, 0 where a complete run came after them.
    """
    return float(rows(FAILING)[0][0])


def since_the_last(*, now: datetime) -> datetime:
    """
    From when on the next scheduled run has to look: STRIPE_RECONCILE_HOURS back, or to the last complete one.
    """
    since = now - timedelta(hours=settings.STRIPE_RECONCILE_HOURS) - MAY_BE_ON_ITS_WAY
    last = rows(LAST_COMPLETE)[0][0]
    if last is not None:
        since = min(since, last - OVERLAP)
    return max(since, now - STRIPE_KEEPS_EVENTS)


def forget_the_old() -> None:
    """
    Remove runs of which nobody asks any more.
    """
    Reconciliation.objects.filter(began_at__lt=Now() - KEPT).delete()
