"""
The invariants of money, points and stock: sums that no unique key protects.
"""

from collections.abc import Callable
from typing import Any

from payments import tasks
from pipeline.statements import rows
from tests.chaos.check.evidence import Evidence

PAID_IS_WHAT_WAS_ORDERED = """
SELECT o.public_id::text, p.amount_minor, o.total_minor
  FROM orders_payment p JOIN orders_order o ON o.id = p.order_id
 WHERE p.amount_minor <> o.total_minor OR p.currency <> o.currency
"""
SALES_ARE_THE_PAYMENTS = """
WITH paid AS (
    SELECT p.currency, sum(p.amount_minor) AS minor FROM orders_payment p GROUP BY 1),
sold AS (
    SELECT currency, sum(total_minor) AS minor FROM analytics_salefact GROUP BY 1)
SELECT coalesce(paid.currency, sold.currency), paid.minor, sold.minor
  FROM paid FULL JOIN sold USING (currency) WHERE paid.minor IS DISTINCT FROM sold.minor
"""
HOURS_ARE_THEIR_FACTS = """
WITH facts AS (
    SELECT restaurant_id, hour_utc, service_type, currency, count(*) AS orders, sum(items) AS items,
           sum(total_minor) AS minor FROM analytics_salefact GROUP BY 1, 2, 3, 4),
hour AS (
    SELECT * FROM analytics_hourlysales WHERE (orders, items, total_minor) <> (0, 0, 0))
SELECT restaurant_id, hour_utc, service_type, currency, hour.total_minor, facts.minor
  FROM hour FULL JOIN facts USING (restaurant_id, hour_utc, service_type, currency)
 WHERE (hour.orders, hour.items, hour.total_minor) IS DISTINCT FROM (facts.orders, facts.items, facts.minor)
"""
BALANCES_ARE_THEIR_ENTRIES = """
WITH earned AS (
    SELECT member_id, sum(points) AS points FROM loyalty_loyaltyentry WHERE member_id IS NOT NULL GROUP BY 1)
SELECT member_id, balance.points, earned.points
  FROM loyalty_loyaltybalance balance FULL JOIN earned USING (member_id)
 WHERE coalesce(balance.points, 0) <> coalesce(earned.points, 0)
"""
# Worked out apart from the product's own statement, from the lines: one point for each whole dollar without tax.
POINTS_ARE_WHAT_WAS_SPENT = """
WITH spent AS (
    SELECT o.id, o.total_minor - coalesce((SELECT sum(tax.amount_minor) FROM orders_ordertax tax WHERE tax.order_id = o.id), 0)
                 - o.tip_minor AS minor, r.loyalty_spend_per_point_minor AS price
      FROM orders_order o JOIN orders_restaurant r ON r.id = o.restaurant_id WHERE o.paid_at IS NOT NULL)
SELECT spent.id, spent.minor, entry.points
  FROM spent LEFT JOIN loyalty_loyaltyentry entry ON entry.order_id = spent.id AND entry.kind = 'earn'
 WHERE spent.minor / spent.price <> coalesce(entry.points, 0)
   AND EXISTS (SELECT FROM pipeline_steprun run
                WHERE run.subject_id = spent.id AND run.state = 'done' AND run.step = %(step)s)
"""
# What is left of the points is what was earned, in proportion to the money that was kept, rounded down.
POINTS_FOLLOW_REFUNDS = """
WITH back AS (
    SELECT order_id, sum(amount_minor) FILTER (WHERE status <> 'failed') AS minor FROM orders_refund GROUP BY 1),
points AS (
    SELECT order_id, sum(points) AS kept, sum(points) FILTER (WHERE kind = 'earn') AS earned
      FROM loyalty_loyaltyentry GROUP BY 1)
SELECT o.public_id::text, points.earned, points.kept, back.minor, o.total_minor
  FROM points JOIN orders_order o ON o.id = points.order_id LEFT JOIN back ON back.order_id = o.id
 WHERE points.kept <> floor(points.earned * (o.total_minor - coalesce(back.minor, 0)) / o.total_minor)
"""
# A refund that failed was counted both ways, or not at all.
NET_IS_GROSS_LESS_REFUNDS = """
SELECT refund.stripe_id, refund.status, refund.amount_minor, coalesce(sum(fact.amount_minor), 0)
  FROM orders_refund refund LEFT JOIN analytics_refundfact fact ON fact.refund_id = refund.id
 GROUP BY refund.id
HAVING coalesce(sum(fact.amount_minor), 0) <> CASE WHEN refund.status = 'failed' THEN 0 ELSE -refund.amount_minor END
"""
REFUNDED_HOURS_ARE_THEIR_FACTS = """
WITH facts AS (
    SELECT restaurant_id, hour_utc, service_type, currency, -sum(amount_minor) AS minor
      FROM analytics_refundfact GROUP BY 1, 2, 3, 4)
SELECT restaurant_id, hour_utc, service_type, currency, hour.refunded_minor, facts.minor
  FROM analytics_hourlysales hour FULL JOIN facts USING (restaurant_id, hour_utc, service_type, currency)
 WHERE coalesce(hour.refunded_minor, 0) <> coalesce(facts.minor, 0)
"""
REFUNDS = "SELECT stripe_id, amount_minor, status FROM orders_refund"
STOCK_IS_ITS_MOVEMENTS = """
WITH moved AS (
    SELECT ingredient_id, sum(quantity) AS quantity FROM inventory_stockmovement GROUP BY 1)
SELECT ingredient_id, stock.on_hand, moved.quantity
  FROM inventory_stock stock FULL JOIN moved USING (ingredient_id)
 WHERE coalesce(stock.on_hand, 0) <> coalesce(moved.quantity, 0)
"""
MOVEMENTS_FOLLOW_RECIPES = """
SELECT moved.id FROM inventory_stockmovement moved
 WHERE moved.kind = 'sale' AND NOT EXISTS (
       SELECT FROM orders_orderline line JOIN orders_recipeline used ON used.recipe_id = line.recipe_id
        WHERE line.id = moved.order_line_id AND used.ingredient_id = moved.ingredient_id
          AND moved.quantity = -line.quantity * used.quantity)
"""
REFUNDED_MORE_THAN_CAPTURED = """
SELECT o.public_id::text, sum(refund.amount_minor), coalesce(max(p.amount_minor), 0)
  FROM orders_refund refund JOIN orders_order o ON o.id = refund.order_id LEFT JOIN orders_payment p ON p.order_id = o.id
 WHERE refund.status <> 'failed' GROUP BY o.id HAVING sum(refund.amount_minor) > coalesce(max(p.amount_minor), 0)
"""


def money_adds_up(_evidence: Evidence) -> list[str]:
    """Money paid is money ordered is money counted, net is gross less refunds, and each hour is the sum of its facts."""
    sales = _each(PAID_IS_WHAT_WAS_ORDERED) + _each(SALES_ARE_THE_PAYMENTS) + _each(HOURS_ARE_THEIR_FACTS)
    return sales + _each(NET_IS_GROSS_LESS_REFUNDS) + _each(REFUNDED_HOURS_ARE_THEIR_FACTS)


def points_add_up(_evidence: Evidence) -> list[str]:
    """Each balance is the sum of its entries; each order earned what its food cost, less what was refunded of it."""
    earned = _each(POINTS_ARE_WHAT_WAS_SPENT, step=tasks.process_loyalty_rewards_task.name)
    return _each(BALANCES_ARE_THEIR_ENTRIES) + earned + _each(POINTS_FOLLOW_REFUNDS)


def stock_adds_up(_evidence: Evidence) -> list[str]:
    """What is left is what was there plus every movement, and no movement is without a line and its recipe."""
    return _each(STOCK_IS_ITS_MOVEMENTS) + _each(MOVEMENTS_FOLLOW_RECIPES)


def refunds_stay_within_the_payment(evidence: Evidence) -> list[str]:
    """Nobody was refunded more than was captured, and each refund stands where Stripe's furthest word puts it."""
    told = {refund: (one.amount, one.status) for refund, one in evidence.accepted.refunds.items()}
    booked = {refund: (minor, status) for refund, minor, status in rows(REFUNDS)}
    wrong = [
        f"{refund}: told {told[refund]}, booked {booked.get(refund)}"
        for refund in told
        if told[refund] != booked.get(refund)
    ]
    return wrong + _each(REFUNDED_MORE_THAN_CAPTURED)


INVARIANTS_OF_MONEY: dict[str, Callable[[Evidence], list[str]]] = {
    "I6": money_adds_up,
    "I7": points_add_up,
    "I8": stock_adds_up,
    "I9": refunds_stay_within_the_payment,
}


def _each(statement: str, **values: Any) -> list[str]:
    return [" ".join(map(str, row)) for row in rows(statement, **values)]
