"""
Awarding points.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils.crypto import salted_hmac

# What counts is what the food cost: after the discount, without tax and tip. Points are whole, rounded down, as
# Square's loyalty programme does it. Balances are taken in id order, so that two batches cannot wait for each other.
AWARD = """
WITH spent AS (
    SELECT o.id, customer.id AS customer_id, customer.is_guest, lower(customer.email) AS email,
           (o.subtotal_minor - o.discount_minor - CASE WHEN o.prices_include_tax THEN o.tax_minor ELSE 0 END)
               / r.loyalty_spend_per_point_minor AS points
      FROM orders_order o
      JOIN orders_restaurant r ON r.id = o.restaurant_id AND r.loyalty_spend_per_point_minor > 0
      JOIN orders_customer customer ON customer.id = o.customer_id AND customer.email <> ''
     WHERE o.id = ANY(%(orders)s)),
earned AS (
    INSERT INTO loyalty_loyaltyentry (order_id, kind, member_id, guest_key, points)
    SELECT id, 'earn', CASE WHEN NOT is_guest THEN customer_id END,
           CASE WHEN is_guest THEN encode(sha256(convert_to(%(salt)s || email, 'UTF8')), 'hex') ELSE '' END, points
      FROM spent WHERE points > 0
    RETURNING order_id, member_id, points),
balance AS (
    INSERT INTO loyalty_loyaltybalance AS balance (member_id, points)
    SELECT member_id, sum(points) FROM earned WHERE member_id IS NOT NULL GROUP BY member_id ORDER BY member_id
        ON CONFLICT (member_id) DO UPDATE SET points = balance.points + excluded.points)
SELECT order_id, points, member_id IS NULL FROM earned
"""


def award(*, order_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """
    Credit each order's points to its member, or keep them pending for its guest; orders without points get none.

    Raises IntegrityError for an order that was credited already.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            AWARD, {"orders": list(order_ids), "salt": salted_hmac("loyalty.guest", "").hexdigest()}
        )
        earned = {
            order: {"points": points, "pending": pending} for order, points, pending in cursor.fetchall()
        }
    return {order: earned.get(order, {"points": 0}) for order in order_ids}
