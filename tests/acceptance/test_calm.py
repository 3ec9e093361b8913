"""
A calm evening: the web process hands the steps of a payment to the broker itself.
"""

import pytest

from tests.acceptance.house import House

pytestmark = pytest.mark.acceptance


class TestPaymentByItself:
    def test_needs_no_worker_of_the_dispatcher_s_lane(self, empty_house: House):
        orders = empty_house.orders(1)
        empty_house.start_worker("lanes", "--concurrency=2", "--exclude-queues=post_payment")

        empty_house.pay(orders)
        empty_house.wait_until_at_rest(orders)

        empty_house.assert_each_step_happened_once(orders)
