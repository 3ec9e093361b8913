"""
Guests who pay (or get their money back) while the house may be dying: the first delivery has all the patience, later ones have little.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from devtools.stripe_sender import Sale, make_plan
from devtools.stripe_sender.api_version import WITH_CHARGES
from devtools.stripe_sender.delivery import Summary
from devtools.stripe_sender.events import Event, payment_intent_succeeded
from orders.models import Order
from tests.acceptance.house import House, sale

FIRST_PATIENCE_SECONDS = 90.0
LATER_PATIENCE_SECONDS = 2.0
ACCEPTED_WITHIN_SECONDS = 60.0


def paid_with_a_card(sale: Sale) -> Event:
    """
    What an endpoint of before 2022-11-15 is told: the payment and its card in one event. It takes the longer way.
    """
    return payment_intent_succeeded(sale, api_version=WITH_CHARGES)


class Paying:
    """
    What Stripe tells about some orders, each event delivered at once by a thread of its own.
    """

    def __init__(
        self,
        house: House,
        orders: Sequence[Order],
        *,
        tell: Callable[[Sale], Event] = payment_intent_succeeded,
    ) -> None:
        self._house = house
        self._events = [tell(sale(order)) for order in orders]
        self._sender = house.sender(timeout=FIRST_PATIENCE_SECONDS)
        self._threads = ThreadPoolExecutor(max_workers=len(orders) + 1, thread_name_prefix="guest")
        self._first: list[Future[int | None]] = []
        self._again: Future[Summary] | None = None

    def begin(self) -> None:
        """
        Deliver, and do not wait for the answers.
        """
        self._first = [
            self._threads.submit(lambda event: self._sender.send(event).status, event)
            for event in self._events
        ]

    def again(self) -> None:
        """
        Deliver once more, as stubbornly as Stripe, and do not wait for that either.
        """
        self._again = self._threads.submit(self._until_accepted)

    def is_through(self) -> bool:
        """
        Has everything been accepted that was delivered again?
        """
        return self._again is None or (self._again.done() and not self._again.result().failed)

    def answers(self) -> list[int | None]:
        """
        What the first deliveries were answered, once they all were; None where the line broke.
        """
        return [answer.result(FIRST_PATIENCE_SECONDS) for answer in self._first]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._sender.close()

    def _until_accepted(self) -> Summary:
        with self._house.sender(timeout=LATER_PATIENCE_SECONDS) as sender:
            return sender.deliver(make_plan(self._events), until_accepted=ACCEPTED_WITHIN_SECONDS)
