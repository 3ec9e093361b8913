"""
The messages of a house as they lie in its Valkey, seen past Celery.
"""

from tests.acceptance.house import House


def waiting_in(house: House, queue: str) -> int:
    """
    How many messages lie in the queue, of whatever priority.
    """
    with house.broker() as broker:
        return sum(broker.llen(key) for key in broker.scan_iter(f"{queue}*"))


def unacknowledged_in(house: House) -> int:
    """
    How many messages workers have taken and not acknowledged.
    """
    with house.broker() as broker:
        return broker.hlen("unacked")


def let_the_visibility_timeout_pass(house: House) -> None:
    """
    Let the hour pass after which a message that nobody acknowledged is handed to somebody else.
    """
    with house.broker() as broker:
        for message in broker.zrange("unacked_index", 0, -1):
            broker.zadd("unacked_index", {message: 0})
