"""
What the tests of cancelling share: an order at the till, and its refund on the way there.
"""

from unittest import mock

from devtools.till.visits import Visit
from orders.models import Order, Refund
from pipeline.models import State, StepRun
from pipeline.queues import Queue
from pipeline.steps import Attempt, Report
from pos import client
from pos.cancellations import cancellations
from pos.tests.tills import TillTestCase

FIRST = Attempt(subject_id=1, order_id=1, number=1)
SECOND = Attempt(subject_id=1, order_id=1, number=2, outcome_unknown=True)
SEARCH = "/v2/orders/search"


class CancellationTestCase(TillTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.object(client, "READ_SECONDS", 1))

    def ring_up(self, order: Order, *, told: bool = True) -> str:
        """
        Ring it up, and keep the report as the pipeline does, unless it was lost.
        """
        report = self.send(order)
        if told:
            StepRun.objects.create(
                step="tests.ring_up",
                subject_id=order.pk,
                order_id=order.pk,
                lane=Queue.POS_SYNC,
                state=State.DONE,
                report=report,
            )
        return str(report["pos_order_id"])

    def cancel(self, refund: Refund, attempt: Attempt = FIRST) -> Report:
        """
        Pack and send one refund, as one attempt of the step does.
        """
        return cancellations(refund_ids=[refund.pk])[refund.pk].send(attempt)

    def held(self, pos_order_id: str) -> tuple[str, list[str]]:
        """
        The state of an order at the till, and of its fulfilment.
        """
        order = self.at_till({"pos_order_id": pos_order_id})
        return order["state"], [one["state"] for one in order.get("fulfillments", [])]

    def changes(self) -> list[Visit]:
        """
        The requests that have changed an order at the till.
        """
        return [visit for visit in self.till.requests() if visit.method == "PUT" and visit.outcome == "kept"]
