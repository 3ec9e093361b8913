"""
The six effects in hand-written SQL, for all orders that are given: a hundred of them, or one.

Each function is called inside a transaction and raises IntegrityError where one of the orders had the effect before.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.workload import wording
from benchmarks.workload.one_by_one import CENTS_PER_POINT
from pipeline.statements import execute, rows

ORDERS = """
SELECT o.id, o.number, o.service_type, o.total_minor, o.currency, r.name, coalesce(c.name, '')
  FROM orders_order o JOIN orders_restaurant r ON r.id = o.restaurant_id
  LEFT JOIN orders_customer c ON c.id = o.customer_id WHERE o.id = ANY(%(orders)s)
"""
LINES = """
SELECT order_id, name, size, quantity, price_minor, note FROM orders_orderline
 WHERE order_id = ANY(%(orders)s) ORDER BY id
"""
KEEP_RECEIPTS = """
INSERT INTO workload_effect (order_id, kind, text, amount)
SELECT id, 'receipt', text, 0 FROM unnest(%(orders)s::bigint[], %(texts)s::text[]) AS receipt(id, text)
"""

TELL_STAFF = """
INSERT INTO workload_effect (order_id, kind, text, amount)
SELECT o.id, 'staff', format('Order %%s (%%s): %%s', o.number, o.service_type,
       string_agg(format('%%s x %%s %%s', line.quantity, line.name, line.size), ', ' ORDER BY line.id)), 0
  FROM orders_order o JOIN orders_orderline line ON line.order_id = o.id
 WHERE o.id = ANY(%(orders)s) GROUP BY o.id
"""

RING_UP = """
INSERT INTO workload_effect (order_id, kind, text, amount)
SELECT o.id, 'pos', json_build_object('number', o.number, 'total', o.total_minor, 'items', json_agg(
       json_build_object('name', line.name || ' ' || line.size, 'quantity', line.quantity, 'price', line.price_minor)
       ORDER BY line.id))::text, 0
  FROM orders_order o JOIN orders_orderline line ON line.order_id = o.id
 WHERE o.id = ANY(%(orders)s) GROUP BY o.id
"""

# Sums are taken in key order, so that two batches that touch the same ones cannot wait for each other.
COUNT_SALES = """
WITH sale AS (
    INSERT INTO workload_effect (order_id, kind, text, amount)
    SELECT id, 'analytics', '', total_minor FROM orders_order WHERE id = ANY(%(orders)s)
    RETURNING order_id, amount)
INSERT INTO workload_hourtotal AS total (restaurant_id, hour, orders, total_minor)
SELECT o.restaurant_id, date_trunc('hour', o.paid_at, 'UTC'), count(*), sum(sale.amount)
  FROM sale JOIN orders_order o ON o.id = sale.order_id GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (restaurant_id, hour) DO UPDATE
   SET orders = total.orders + excluded.orders, total_minor = total.total_minor + excluded.total_minor
"""

AWARD_POINTS = """
WITH earned AS (
    INSERT INTO workload_effect (order_id, kind, text, amount)
    SELECT id, 'loyalty', '', subtotal_minor / %(cents)s FROM orders_order WHERE id = ANY(%(orders)s)
    RETURNING order_id, amount)
INSERT INTO workload_balance AS balance (customer_id, points)
SELECT o.customer_id, sum(earned.amount) FROM earned JOIN orders_order o ON o.id = earned.order_id GROUP BY 1 ORDER BY 1
    ON CONFLICT (customer_id) DO UPDATE SET points = balance.points + excluded.points
"""

TAKE_STOCK = """
WITH line AS (
    SELECT order_id, variant_id, quantity FROM orders_orderline WHERE order_id = ANY(%(orders)s)),
taken AS (
    INSERT INTO workload_effect (order_id, kind, text, amount)
    SELECT order_id, 'stock', '', sum(quantity) FROM line GROUP BY order_id)
INSERT INTO workload_stock AS stock (variant_id, on_hand)
SELECT variant_id, -sum(quantity) FROM line GROUP BY variant_id ORDER BY variant_id
    ON CONFLICT (variant_id) DO UPDATE SET on_hand = stock.on_hand + excluded.on_hand
"""


class _Order(NamedTuple):
    id: int
    number: str
    service_type: str
    total_minor: int
    currency: str
    restaurant: str
    guest: str


class _Line(NamedTuple):
    order_id: int
    name: str
    size: str
    quantity: int
    price_minor: int
    note: str


def write_receipts(order_ids: Sequence[int]) -> None:
    """
    Render each order's receipt and keep them all.
    """
    orders, lines = list(order_ids), defaultdict[int, list[_Line]](list)
    for line in map(_Line._make, rows(LINES, orders=orders)):
        lines[line.order_id].append(line)
    texts = {
        order.id: wording.receipt(order, lines[order.id], restaurant=order.restaurant, guest=order.guest)
        for order in map(_Order._make, rows(ORDERS, orders=orders))
    }
    execute(KEEP_RECEIPTS, orders=list(texts), texts=list(texts.values()))


def tell_staff(order_ids: Sequence[int]) -> None:
    """
    Write the kitchen its notes.
    """
    execute(TELL_STAFF, orders=list(order_ids))


def ring_up(order_ids: Sequence[int]) -> None:
    """
    Write down what the till would be told.
    """
    execute(RING_UP, orders=list(order_ids))


def count_sales(order_ids: Sequence[int]) -> None:
    """
    Add the sales to their restaurants' hours.
    """
    execute(COUNT_SALES, orders=list(order_ids))


def award_points(order_ids: Sequence[int]) -> None:
    """
    Credit the members' points.
    """
    execute(AWARD_POINTS, orders=list(order_ids), cents=CENTS_PER_POINT)


def take_stock(order_ids: Sequence[int]) -> None:
    """
    Take the portions of all lines out of the stock.
    """
    execute(TAKE_STOCK, orders=list(order_ids))


EFFECTS = (write_receipts, tell_staff, ring_up, count_sales, award_points, take_stock)
