"""
Counting what went back.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from analytics.models import RefundFact
from pipeline.failures import PermanentFailure

# The facts of all refunds and the sums of their hours, in one statement, in the key order in which sales take the hours,
# too. The money counts on the day on which it moved, not on the day of the sale.
COUNT = """
WITH fact AS (
    INSERT INTO analytics_refundfact (refund_id, kind, restaurant_id, service_type, currency, amount_minor,
                                      happened_at, hour_utc, business_date)
    SELECT refund.id, %(kind)s, sale.restaurant_id, sale.service_type, refund.currency,
           CASE %(kind)s WHEN 'refund' THEN -refund.amount_minor ELSE refund.amount_minor END,
           moment.at, date_trunc('hour', moment.at, 'UTC'),
           ((moment.at AT TIME ZONE r.time_zone) - make_interval(hours => r.business_day_starts_at_hour))::date
      FROM orders_refund refund
      JOIN analytics_salefact sale ON sale.order_id = refund.order_id
      JOIN orders_restaurant r ON r.id = sale.restaurant_id
      JOIN LATERAL (SELECT CASE %(kind)s WHEN 'refund' THEN refund.refunded_at ELSE refund.failed_at END AS at) moment
           ON moment.at IS NOT NULL
     WHERE refund.id = ANY(%(refunds)s)
       AND (%(kind)s = 'refund' OR EXISTS (
               SELECT FROM analytics_refundfact counted WHERE counted.refund_id = refund.id AND counted.kind = 'refund'))
     ORDER BY refund.id
    RETURNING *),
hour AS (
    INSERT INTO analytics_hourlysales AS hour (restaurant_id, hour_utc, service_type, currency, orders, items,
                                  subtotal_minor, discount_minor, tax_minor, tip_minor, total_minor,
                                  refunds, refunded_minor)
    SELECT restaurant_id, hour_utc, service_type, currency, 0, 0, 0, 0, 0, 0, 0,
           sum(CASE kind WHEN 'refund' THEN 1 ELSE -1 END), -sum(amount_minor)
      FROM fact GROUP BY restaurant_id, hour_utc, service_type, currency
     ORDER BY restaurant_id, hour_utc, service_type, currency
        ON CONFLICT (restaurant_id, hour_utc, service_type, currency) DO UPDATE
       SET refunds = hour.refunds + excluded.refunds, refunded_minor = hour.refunded_minor + excluded.refunded_minor)
SELECT refund_id, business_date FROM fact
"""


class NotCounted(PermanentFailure):
    """
    Only a refund of a counted sale counts, and only one that was counted and failed is taken back.
    """


def record(*, refund_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """
    Write the negative fact of each refund and take it from the hour in which it was begun; reports the business date.

    Raises IntegrityError for a refund that is counted already, NotCounted for one of an order that is no counted sale.
    """
    return _count(refund_ids, kind=RefundFact.Kind.REFUND)


def undo(*, refund_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """
    Write the opposite fact of each refund that failed, and give it back to the hour in which that happened; reports the
    business date.

    Raises IntegrityError for one that was undone already, NotCounted for one that was not counted, or did not fail.
    """
    return _count(refund_ids, kind=RefundFact.Kind.REFUND_FAILED)


def _count(refund_ids: Sequence[int], *, kind: RefundFact.Kind) -> dict[int, dict[str, Any]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COUNT, {"refunds": list(refund_ids), "kind": kind.value})
        counted = {refund: {"business_date": date.isoformat()} for refund, date in cursor.fetchall()}
        if missing := set(refund_ids) - counted.keys():
            raise NotCounted(f"The refunds {sorted(missing)} cannot be counted as {kind.value}.")
    return counted
