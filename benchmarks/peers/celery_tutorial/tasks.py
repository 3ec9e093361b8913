"""
The six tasks.
"""

from benchmarks.peers.celery_tutorial.app import app
from benchmarks.workload import one_by_one


@app.task
def write_receipt(order_id: int) -> None:
    one_by_one.write_receipt(order_id)


@app.task
def tell_staff(order_id: int) -> None:
    one_by_one.tell_staff(order_id)


@app.task
def ring_up(order_id: int) -> None:
    one_by_one.ring_up(order_id)


@app.task
def count_sale(order_id: int) -> None:
    one_by_one.count_sale(order_id)


@app.task
def award_points(order_id: int) -> None:
    one_by_one.award_points(order_id)


@app.task
def take_stock(order_id: int) -> None:
    one_by_one.take_stock(order_id)


def publish(order_id: int) -> None:
    """
    Send the six tasks of a paid order.
    """
    write_receipt.delay(order_id)
    tell_staff.delay(order_id)
    ring_up.delay(order_id)
    count_sale.delay(order_id)
    award_points.delay(order_id)
    take_stock.delay(order_id)
