"""
Several pieces of work that begin at the same moment, each with a database connection of its own.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")
DEADLINE_SECONDS = 30


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """
    Let all of them go together and return what each came to; the first trouble is raised.
    """
    together = threading.Barrier(len(works), timeout=DEADLINE_SECONDS)

    def one(work: Callable[[], T]) -> T:
        connection.ensure_connection()  # so that nobody is late because of it
        try:
            together.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(one, works))


def deal(cards: Sequence[T], hands: int) -> list[list[T]]:
    """
    Deal the cards out, the second, fourth, … hand in the opposite order.
    """
    dealt = [list(cards[hand::hands]) for hand in range(hands)]
    return [cards[::-1] if hand % 2 else cards for hand, cards in enumerate(dealt)]
