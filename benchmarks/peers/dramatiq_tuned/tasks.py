"""
The six tasks.
"""

import dramatiq

from benchmarks.workload import one_by_one


@dramatiq.actor
def write_receipt(order_id: int) -> None:
    one_by_one.write_receipt(order_id)


@dramatiq.actor
def tell_staff(order_id: int) -> None:
    one_by_one.tell_staff(order_id)


@dramatiq.actor
def ring_up(order_id: int) -> None:
    one_by_one.ring_up(order_id)


@dramatiq.actor
def count_sale(order_id: int) -> None:
    one_by_one.count_sale(order_id)


@dramatiq.actor
def award_points(order_id: int) -> None:
    one_by_one.award_points(order_id)


@dramatiq.actor
def take_stock(order_id: int) -> None:
    one_by_one.take_stock(order_id)


def publish(order_id: int) -> None:
    """
    Send the six tasks of a paid order.
    """
    write_receipt.send(order_id)
    tell_staff.send(order_id)
    ring_up.send(order_id)
    count_sale.send(order_id)
    award_points.send(order_id)
    take_stock.send(order_id)
