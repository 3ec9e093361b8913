"""
A rate limit counts over all workers.
"""

from datetime import datetime

import pytest

from pipeline.models import StepEvent
from tests.acceptance.house import House

pytestmark = pytest.mark.acceptance

PER_SECOND = 5
ORDERS = 30


class TestRateLimit:
    def test_holds_for_two_workers_together_and_costs_no_attempt(self, house: House):
        house.kill_worker()
        limit = {"ISOLATED_POS_ORDERS_PER_SECOND": str(PER_SECOND)}
        for name in ("one", "two"):
            house.start_worker(name, **limit)
        orders = house.orders(ORDERS)

        house.pay(orders)

        house.wait_until_at_rest(orders)
        ours = {str(order.public_id) for order in orders}
        tickets = [ticket for ticket in house.till.orders() if ticket.reference_id in ours]
        arrived = sorted(datetime.fromisoformat(ticket.created_at) for ticket in tickets)
        took = (arrived[-1] - arrived[0]).total_seconds()
        # Two may start at once, and what is slow on the way is not ours. Without a limit it takes less than a second.
        assert took >= (ORDERS - 2) / PER_SECOND / 2
        # The house's clock runs fast (RETRY_TIME_SCALE), so what waits for its permit is taken for lost and sent again.
        assert set(StepEvent.objects.values_list("what", flat=True)) <= {StepEvent.What.SENT_AGAIN}
        house.assert_each_step_happened_once(orders)
