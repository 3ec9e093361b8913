"""
Putting back into the stock what a refunded order did not use up.

What was cooked is gone, whatever became of the money. What `Ingredient.returns_to_stock` says of (a closed bottle) is
back as long as the whole of its order's total is refunded, by those refunds that were noted here and did not fail since.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from inventory.models import ReturnNote
from pipeline.failures import PermanentFailure

# The lines of an order never change, and nobody else holds them: two refunds of one order come one after the other,
# whoever carries them out. In line id order, so that two batches cannot wait for each other.
HOLD = """
SELECT line.id FROM orders_orderline line
 WHERE line.order_id IN (SELECT refund.order_id FROM orders_refund refund WHERE refund.id = ANY(%(refunds)s))
 ORDER BY line.id
   FOR NO KEY UPDATE
"""

# A statement of its own: only now it sees what those noted for whom HOLD had to wait. A refund turns its order if the
# order is fully refunded with it and not without it; several of one order follow each other in id order. A return makes
# up for all that a line took of an ingredient, its undoing for all that came back. Stock is taken in ingredient order,
# as sales take it.
MOVE = """
WITH noted AS (
    INSERT INTO inventory_returnnote (refund_id, kind)
    SELECT refund.id, %(kind)s FROM orders_refund refund JOIN orders_order o ON o.id = refund.order_id
     WHERE refund.id = ANY(%(refunds)s) AND refund.currency = o.currency
       AND (%(kind)s = 'return' OR EXISTS (
               SELECT FROM inventory_returnnote back WHERE back.refund_id = refund.id AND back.kind = 'return'))
     ORDER BY refund.id
    RETURNING refund_id),
ours AS (
    SELECT refund.id AS refund_id, o.id AS order_id, o.total_minor,
           CASE %(kind)s WHEN 'return' THEN refund.amount_minor ELSE -refund.amount_minor END AS minor
      FROM noted JOIN orders_refund refund ON refund.id = noted.refund_id JOIN orders_order o ON o.id = refund.order_id),
before AS (
    SELECT refund.order_id,
           sum(CASE note.kind WHEN 'return' THEN refund.amount_minor ELSE -refund.amount_minor END) AS minor
      FROM inventory_returnnote note JOIN orders_refund refund ON refund.id = note.refund_id
     WHERE refund.order_id IN (SELECT order_id FROM ours) GROUP BY refund.order_id),
refunded AS (
    SELECT ours.*, coalesce(before.minor, 0) + sum(ours.minor) OVER (PARTITION BY order_id ORDER BY refund_id) AS after
      FROM ours LEFT JOIN before USING (order_id)),
moved AS (
    INSERT INTO inventory_stockmovement (refund_id, order_line_id, ingredient_id, kind, quantity)
    SELECT refunded.refund_id, moved.order_line_id, moved.ingredient_id, %(kind)s, -sum(moved.quantity)
      FROM refunded
      JOIN orders_orderline line ON line.order_id = refunded.order_id
      JOIN inventory_stockmovement moved ON moved.order_line_id = line.id
       AND moved.kind IN ('sale', 'return', 'return_undone')
      JOIN orders_ingredient ingredient ON ingredient.id = moved.ingredient_id
     WHERE (refunded.after >= total_minor) <> (refunded.after - refunded.minor >= total_minor)
       AND CASE %(kind)s WHEN 'return' THEN ingredient.returns_to_stock ELSE moved.kind <> 'sale' END
     GROUP BY refunded.refund_id, moved.order_line_id, moved.ingredient_id HAVING sum(moved.quantity) <> 0
    RETURNING refund_id, ingredient_id, quantity),
stock AS (
    INSERT INTO inventory_stock AS stock (ingredient_id, on_hand, negative_since)
    SELECT ingredient_id, sum(quantity), CASE WHEN sum(quantity) < 0 THEN clock_timestamp() END
      FROM moved GROUP BY ingredient_id ORDER BY ingredient_id
        ON CONFLICT (ingredient_id) DO UPDATE
       SET on_hand = stock.on_hand + excluded.on_hand,
           negative_since = CASE WHEN stock.on_hand + excluded.on_hand < 0
                                 THEN coalesce(stock.negative_since, excluded.negative_since) END)
SELECT noted.refund_id, count(moved.refund_id) FROM noted LEFT JOIN moved USING (refund_id) GROUP BY noted.refund_id
"""


class NotPutBack(PermanentFailure):
    """
    Only a refund in the currency of its order puts back, and only what was noted as put back is taken out again.
    """


def put_back(*, refund_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """
    Note each refund; the one with which its order is fully refunded puts back what returns; reports how many movements
    that took.

    Raises IntegrityError for a refund that was noted already, NotPutBack for an unknown one or one in another currency.
    """
    return _move(refund_ids, kind=ReturnNote.Kind.RETURN)


def undo(*, refund_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """
    Note that each refund failed; the one without which its order is not fully refunded any more takes out again what
    came back, whichever refund had put it back; reports how many movements that took.

    Raises IntegrityError for one whose failure was noted already, NotPutBack for one that was never noted.
    """
    return _move(refund_ids, kind=ReturnNote.Kind.RETURN_UNDONE)


def _move(refund_ids: Sequence[int], *, kind: ReturnNote.Kind) -> dict[int, dict[str, Any]]:
    moving: dict[str, Any] = {"refunds": list(refund_ids), "kind": kind.value}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HOLD, moving)
        cursor.execute(MOVE, moving)
        moved = {refund: {"movements": count} for refund, count in cursor.fetchall()}
        if missing := set(refund_ids) - moved.keys():
            raise NotPutBack(f"The refunds {sorted(missing)} cannot be noted as {kind.value}.")
    return moved
