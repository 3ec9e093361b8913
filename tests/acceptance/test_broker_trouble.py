"""
What the broker may say without ending a worker: Celery's own worker ends at both.
"""

import pytest

from pipeline.queues import Queue
from tests.acceptance.house import House

pytestmark = pytest.mark.acceptance

NONSENSE = (
    b"this is no message", b"[1, 2]", b"\xff\xfe", b"17", b"{}", b'{"properties": [], "body": "x"}',
    b'{"properties": {"body_encoding": "no such", "delivery_tag": "1"}, "body": "x"}', b"[" * 100_000,
)  # fmt: skip


class TestWorker:
    def test_goes_on_after_bytes_that_are_no_message(self, house: House):
        with house.broker() as broker:
            for nonsense in NONSENSE:
                broker.lpush(Queue.EMAILS.value, nonsense)
            house.wait_for(lambda: not broker.llen(Queue.EMAILS.value), lambda: "nobody took them")
        orders = house.orders(2)
        house.pay(orders)

        house.wait_until_at_rest(orders)

        house.assert_each_step_happened_once(orders)
        assert house.crew.running["worker"].poll() is None, "the worker ended"
        assert house.crew.says("worker", "message.unreadable")

    def test_goes_on_after_the_broker_was_out_of_memory(self, house: House):
        orders = house.orders(4)
        with house.broker() as broker:
            broker.config_set("maxmemory", 1)
            try:
                broker.client_kill_filter(_type="normal", skipme=True)  # who comes back finds it full
                house.wait_for(
                    lambda: house.crew.says("worker", "used memory > 'maxmemory'"), lambda: "it never met it"
                )
                house.pay(orders)
            finally:
                broker.config_set("maxmemory", 0)

        house.wait_until_at_rest(orders)

        house.assert_each_step_happened_once(orders)
        assert house.crew.running["worker"].poll() is None, "the worker ended"
