"""
The six tasks.
"""

from huey.contrib.djhuey import db_task, on_startup

from benchmarks.workload import one_by_one


@on_startup()
def _say_so() -> None:
    print("ready.", flush=True)  # noqa: T201 - the log says so before the processes are there


@db_task()
def write_receipt(order_id: int) -> None:
    one_by_one.write_receipt(order_id)


@db_task()
def tell_staff(order_id: int) -> None:
    one_by_one.tell_staff(order_id)


@db_task()
def ring_up(order_id: int) -> None:
    one_by_one.ring_up(order_id)


@db_task()
def count_sale(order_id: int) -> None:
    one_by_one.count_sale(order_id)


@db_task()
def award_points(order_id: int) -> None:
    one_by_one.award_points(order_id)


@db_task()
def take_stock(order_id: int) -> None:
    one_by_one.take_stock(order_id)


def publish(order_id: int) -> None:
    """
    Send the six tasks of a paid order.
    """
    write_receipt(order_id)
    tell_staff(order_id)
    ring_up(order_id)
    count_sale(order_id)
    award_points(order_id)
    take_stock(order_id)
