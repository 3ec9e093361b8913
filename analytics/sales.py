"""
Counting sales.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from pipeline.failures import PermanentFailure

# The facts of all orders and the sums of their hours, in one statement. Hours are taken in key order, so that two
# batches that touch the same hours cannot wait for each other. An hour is an hour of UTC: local hours come twice, or
# not at all, on the days the clocks change.
RECORD = """
WITH sale AS (
    INSERT INTO analytics_salefact (order_id, restaurant_id, service_type, currency, paid_at, hour_utc, business_date,
                                    items, subtotal_minor, discount_minor, tax_minor, tip_minor, total_minor)
    SELECT o.id, o.restaurant_id, o.service_type, o.currency, o.paid_at, date_trunc('hour', o.paid_at, 'UTC'),
           ((o.paid_at AT TIME ZONE r.time_zone) - make_interval(hours => r.business_day_starts_at_hour))::date,
           (SELECT coalesce(sum(line.quantity), 0) FROM orders_orderline line WHERE line.order_id = o.id),
           o.subtotal_minor, o.discount_minor, o.tax_minor, o.tip_minor, o.total_minor
      FROM orders_order o JOIN orders_restaurant r ON r.id = o.restaurant_id
     WHERE o.id = ANY(%(orders)s) AND o.paid_at IS NOT NULL
    RETURNING *),
hour AS (
    INSERT INTO analytics_hourlysales AS hour (restaurant_id, hour_utc, service_type, currency, orders, items,
                                  subtotal_minor, discount_minor, tax_minor, tip_minor, total_minor)
    SELECT restaurant_id, hour_utc, service_type, currency, count(*), sum(items), sum(subtotal_minor),
           sum(discount_minor), sum(tax_minor), sum(tip_minor), sum(total_minor)
      FROM sale GROUP BY restaurant_id, hour_utc, service_type, currency
     ORDER BY restaurant_id, hour_utc, service_type, currency
        ON CONFLICT (restaurant_id, hour_utc, service_type, currency) DO UPDATE
       SET orders = hour.orders + excluded.orders, items = hour.items + excluded.items,
           subtotal_minor = hour.subtotal_minor + excluded.subtotal_minor,
           discount_minor = hour.discount_minor + excluded.discount_minor,
           tax_minor = hour.tax_minor + excluded.tax_minor, tip_minor = hour.tip_minor + excluded.tip_minor,
           total_minor = hour.total_minor + excluded.total_minor)
SELECT order_id, business_date FROM sale
"""


class NotPaid(PermanentFailure):
    """
    Only a paid order is a sale.
    """


def record(*, order_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """
    Write the fact of each paid order and add it to its hour; reports the business date.

    Raises IntegrityError for an order that is counted already, NotPaid for one that is no sale.
    """
    with connection.cursor() as cursor:
        cursor.execute(RECORD, {"orders": list(order_ids)})
        counted = {order: {"business_date": date.isoformat()} for order, date in cursor.fetchall()}
    if missing := set(order_ids) - counted.keys():
        raise NotPaid(f"The orders {sorted(missing)} are unknown, or not paid.")
    return counted
