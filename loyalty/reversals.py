"""
Taking points back when the money goes back.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from loyalty.models import LoyaltyEntry
from pipeline.failures import PermanentFailure

# What an order earned is held while its refunds are worked out, so that two refunds of one order come one after the
# other, whoever carries them out; in order id order, so that two batches cannot wait for each other.
HOLD = """
SELECT refund.id
  FROM loyalty_loyaltyentry earned JOIN orders_refund refund ON refund.order_id = earned.order_id
 WHERE refund.id = ANY(%(refunds)s) AND earned.kind = 'earn'
 ORDER BY earned.order_id, refund.id
   FOR NO KEY UPDATE OF earned
"""

# A statement of its own: only now it sees what those wrote for whom HOLD had to wait. Each entry is what the order's
# entries should sum up to from now on, less what they sum up to before. Several refunds of one order follow each other
# in id order. Points and amounts are at most 2^31 each, so their product fits a bigint.
REVERSE = """
WITH ours AS (
    SELECT refund.id AS refund_id, o.id AS order_id, o.total_minor, earned.member_id, earned.guest_key,
           earned.points AS earned,
           CASE %(kind)s WHEN 'refund' THEN refund.amount_minor ELSE -refund.amount_minor END AS minor
      FROM orders_refund refund
      JOIN orders_order o ON o.id = refund.order_id
      JOIN loyalty_loyaltyentry earned ON earned.order_id = o.id AND earned.kind = 'earn'
     WHERE refund.id = ANY(%(refunds)s) AND refund.currency = o.currency
       AND (%(kind)s = 'refund' OR EXISTS (
               SELECT FROM loyalty_loyaltyentry lost WHERE lost.refund_id = refund.id AND lost.kind = 'refund'))),
before AS (
    SELECT entry.order_id, sum(entry.points) AS points,
           sum(CASE entry.kind WHEN 'refund' THEN refund.amount_minor
                               WHEN 'refund_failed' THEN -refund.amount_minor ELSE 0 END) AS refunded_minor
      FROM loyalty_loyaltyentry entry LEFT JOIN orders_refund refund ON refund.id = entry.refund_id
     WHERE entry.order_id IN (SELECT order_id FROM ours) GROUP BY entry.order_id),
target AS (
    SELECT ours.*, before.points AS points_before,
           earned * (total_minor - least(before.refunded_minor + sum(minor) OVER in_turn, total_minor)) / total_minor AS points
      FROM ours JOIN before USING (order_id)
    WINDOW in_turn AS (PARTITION BY order_id ORDER BY refund_id)),
entry AS (
    INSERT INTO loyalty_loyaltyentry (order_id, refund_id, kind, member_id, guest_key, points)
    SELECT order_id, refund_id, %(kind)s, member_id, guest_key,
           points - coalesce(lag(points) OVER in_turn, points_before)
      FROM target
    WINDOW in_turn AS (PARTITION BY order_id ORDER BY refund_id)
    RETURNING refund_id, member_id, points),
balance AS (
    INSERT INTO loyalty_loyaltybalance AS balance (member_id, points)
    SELECT member_id, sum(points) FROM entry WHERE member_id IS NOT NULL GROUP BY member_id ORDER BY member_id
        ON CONFLICT (member_id) DO UPDATE SET points = balance.points + excluded.points)
SELECT refund_id, points, member_id IS NULL FROM entry
"""


class NotReversed(PermanentFailure):
    """
    Points come and go with refunds in the currency of the order, and come again only where they went.
    """


def reverse(*, refund_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """
    Take back the share of the order's points that each refund is of its total; reports the change of points (≤ 0).

    What is left is always `earned * (total - refunded) // total`, by the points that were really earned, so a rate
    that changed since makes no difference, and the whole total takes back exactly what was earned, in whatever parts
    it went. A balance may become negative: the points may be spent. An order that earned none loses none.

    Raises IntegrityError for a refund that was reversed already, NotReversed for one in another currency.
    """
    return _reverse(refund_ids, kind=LoyaltyEntry.Kind.REFUND)


def undo(*, refund_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """
    Give back what the reversal of each of these refunds took, for they failed; reports the change of points (≥ 0).

    The same rule holds for what is left. Raises IntegrityError for one that was undone already, NotReversed for one
    whose points were never taken.
    """
    return _reverse(refund_ids, kind=LoyaltyEntry.Kind.REFUND_FAILED)


def _reverse(refund_ids: Sequence[int], *, kind: LoyaltyEntry.Kind) -> dict[int, dict[str, Any]]:
    moving: dict[str, Any] = {"refunds": list(refund_ids), "kind": kind.value}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HOLD, moving)
        earning = {refund for (refund,) in cursor.fetchall()}
        cursor.execute(REVERSE, moving)
        moved = {
            refund: {"points": points, "pending": pending} for refund, points, pending in cursor.fetchall()
        }
        if missing := earning - moved.keys():
            raise NotReversed(f"The points of the refunds {sorted(missing)} cannot move as {kind.value}.")
    return {refund: moved.get(refund, {"points": 0}) for refund in refund_ids}
