"""
What the rules of the watch ask, each answered by subject: how much of it there is.
"""

from collections.abc import Mapping
from datetime import timedelta

from django.db.models.functions import Now

from orders.models import Dispute, DisputeStatus, OrderStatus
from payments import reconciliation_history, rejections
from payments.models import StripeEvent
from pipeline import backlog, lanes, troubles, workers
from pipeline.queues import Queue
from pipeline.steps import short_name

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LATELY = 15 * MINUTE
# A rate of few is no rate.
FEWEST_FAILURES = 10
# Asked by a machine that is busy itself, a worker may take a moment.
ANSWER_WITHIN_SECONDS = 2.0

Measured = Mapping[str, float]


def queues_without_a_worker() -> Measured:
    """
    1 for each queue that no worker consumes.
    """
    answering = workers.answering(within_seconds=ANSWER_WITHIN_SECONDS)
    alone = workers.queues_without_a_consumer(answering, queues=[queue.value for queue in Queue])
    return dict.fromkeys(alone, 1)


def overdue_seconds() -> Measured:
    """
    By lane that is not paused, how long the step run waits that could be tried and is not.
    """
    return {lane.lane: lane.overdue_seconds for lane in backlog.by_lane() if not lane.paused}


def stalled_hours() -> Measured:
    """
    By lane that is not paused, for how long its oldest step run has been open.
    """
    return {lane: seconds / HOUR for lane, seconds in troubles.stalled(longer_than_seconds=HOUR).items()}


def paused_minutes() -> Measured:
    """
    By paused lane, for how long.
    """
    return {lane: seconds / MINUTE for lane, seconds in lanes.paused_for_seconds().items()}


def failed_percent() -> Measured:
    """
    By step, how many of a hundred attempts failed lately.
    """
    failing = troubles.by_step(within_seconds=LATELY, at_least=FEWEST_FAILURES)
    return {short_name(trouble.step): trouble.failed_percent for trouble in failing}


def newly_buried() -> Measured:
    """
    By step, how many were buried within the last hour.
    """
    return {
        short_name(trouble.step): trouble.buried
        for trouble in troubles.by_step(within_seconds=HOUR)
        if trouble.buried
    }


def left_buried() -> Measured:
    """
    By step, how many have been lying buried for more than a day.
    """
    found = troubles.left_buried(longer_than_seconds=DAY)
    return {short_name(step): count for step, count in found.items()}


def rejected_deliveries() -> Measured:
    """
    By reason, how many deliveries the webhook turned away lately.
    """
    return rejections.lately(within_seconds=LATELY)


def unmatched_events() -> Measured:
    """
    How many payments of the last day have looked for their order for more than ten minutes.
    """
    waiting = StripeEvent.objects.filter(
        state=StripeEvent.State.UNMATCHED,
        received_at__range=(Now() - timedelta(seconds=DAY), Now() - timedelta(seconds=10 * MINUTE)),
    )
    return {"": waiting.count()}


def events_in_review() -> Measured:
    """
    How many payments of the last day do not fit their order.
    """
    doubtful = StripeEvent.objects.filter(
        state=StripeEvent.State.IN_REVIEW, received_at__gte=Now() - timedelta(seconds=DAY)
    )
    return {"": doubtful.exclude(order__status=OrderStatus.PARTLY_PAID).count()}


def partly_paid_orders() -> Measured:
    """
    How many orders of the last day were paid in part only.
    """
    parts = StripeEvent.objects.filter(
        state=StripeEvent.State.IN_REVIEW,
        received_at__gte=Now() - timedelta(seconds=DAY),
        order__status=OrderStatus.PARTLY_PAID,
    )
    return {"": parts.values("order").distinct().count()}


def open_disputes() -> Measured:
    """
    How many disputes wait for our answer, or for the bank.
    """
    return {"": Dispute.objects.filter(status=DisputeStatus.OPEN).count()}


def missed_webhooks() -> Measured:
    """
    How many orders reconciliation had to repair within the last two hours.
    """
    return {"": reconciliation_history.repaired_lately(within_seconds=2 * HOUR)}


def hours_not_reconciled() -> Measured:
    """
    For how long scheduled reconciliations have been failing.
    """
    return {"": reconciliation_history.failing_for_seconds() / HOUR}
