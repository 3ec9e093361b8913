"""
Taking out of the stock what orders use up.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

# By the recipe that was valid when the order was placed. Stock is taken in ingredient order, so that two batches that
# use the same flour cannot wait for each other.
DEDUCT = """
WITH used AS (
    SELECT line.order_id, line.id AS line_id, used.ingredient_id, -line.quantity * used.quantity AS quantity
      FROM orders_orderline line JOIN orders_recipeline used ON used.recipe_id = line.recipe_id
     WHERE line.order_id = ANY(%(orders)s)),
moved AS (
    INSERT INTO inventory_stockmovement (order_line_id, ingredient_id, kind, quantity)
    SELECT line_id, ingredient_id, 'sale', quantity FROM used
    RETURNING ingredient_id, quantity),
stock AS (
    INSERT INTO inventory_stock AS stock (ingredient_id, on_hand, negative_since)
    SELECT ingredient_id, sum(quantity), clock_timestamp() FROM moved GROUP BY ingredient_id ORDER BY ingredient_id
        ON CONFLICT (ingredient_id) DO UPDATE
       SET on_hand = stock.on_hand + excluded.on_hand,
           negative_since = CASE WHEN stock.on_hand + excluded.on_hand < 0
                                 THEN coalesce(stock.negative_since, excluded.negative_since) END)
SELECT order_id, count(*) FROM used GROUP BY order_id
"""


def deduct(*, order_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """
    Write the movements of each order and change the stock by them; reports how many there were.

    Raises IntegrityError for an order that was deducted already.
    """
    with connection.cursor() as cursor:
        cursor.execute(DEDUCT, {"orders": list(order_ids)})
        moved = {order: {"movements": count} for order, count in cursor.fetchall()}
    return {order: moved.get(order, {"movements": 0}) for order in order_ids}
