"""
Whether all six effects happened to every order, exactly once, and every sum adds up. A run that fails it counts for nothing.
"""

from collections.abc import Callable
from typing import Any

Rows = Callable[..., list[tuple[Any, ...]]]

# Each counts what is wrong with the orders that were paid; nothing may be.
WRONG = {
    "orders that are not paid": "SELECT count(*) FROM orders_order WHERE status <> 'paid' OR paid_at IS NULL",
    "orders without their six effects": """
        SELECT count(*) FROM orders_order o WHERE 6 <> (SELECT count(*) FROM workload_effect e WHERE e.order_id = o.id)""",
    "effects of no order": """
        SELECT count(*) FROM workload_effect e WHERE NOT EXISTS (SELECT FROM orders_order o WHERE o.id = e.order_id)""",
    "receipts that do not tell their order": """
        SELECT count(*) FROM workload_effect e JOIN orders_order o ON o.id = e.order_id WHERE e.kind = 'receipt'
           AND (position(o.number in e.text) = 0 OR position(o.total_minor::text in e.text) = 0)""",
    "kitchen notes that do not tell their order": """
        SELECT count(*) FROM workload_effect e JOIN orders_order o ON o.id = e.order_id WHERE e.kind = 'staff'
           AND position(format('Order %s (%s): ', o.number, o.service_type) in e.text) <> 1""",
    "tickets that do not tell their order": """
        SELECT count(*) FROM workload_effect e JOIN orders_order o ON o.id = e.order_id WHERE e.kind = 'pos'
           AND (e.text::json ->> 'number' <> o.number OR (e.text::json ->> 'total')::int <> o.total_minor
                OR json_array_length(e.text::json -> 'items') <> 3)""",
    "hours that do not add up": """
        SELECT count(*) FROM (SELECT restaurant_id, date_trunc('hour', paid_at, 'UTC') AS hour, count(*) AS orders,
                                     sum(total_minor) AS total FROM orders_order GROUP BY 1, 2) AS sold
          FULL JOIN workload_hourtotal kept USING (restaurant_id, hour)
         WHERE (kept.orders, kept.total_minor) IS DISTINCT FROM (sold.orders, sold.total)""",
    "balances that do not add up": """
        SELECT count(*) FROM (SELECT customer_id, sum(subtotal_minor / 100) AS points FROM orders_order GROUP BY 1) AS earned
          FULL JOIN workload_balance kept USING (customer_id) WHERE kept.points IS DISTINCT FROM earned.points""",
    "stocks that do not add up": """
        SELECT count(*) FROM workload_stock kept LEFT JOIN (
               SELECT variant_id, sum(quantity) AS portions FROM orders_orderline GROUP BY 1) AS sold USING (variant_id)
         WHERE kept.on_hand <> -coalesce(sold.portions, 0)""",
}


class WrongEffects(AssertionError):
    """
    Not every effect happened exactly once, so the run counts for nothing.
    """


def audit(rows: Rows) -> None:
    """
    Raise WrongEffects unless every order in the database had its effects. `rows` carries out a statement.
    """
    found = {what: rows(statement)[0][0] for what, statement in WRONG.items()}
    if wrong := {what: count for what, count in found.items() if count}:
        raise WrongEffects(", ".join(f"{count} {what}" for what, count in wrong.items()))
