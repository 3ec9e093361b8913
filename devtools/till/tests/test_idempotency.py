"""
Idempotency: one key, one order, whatever happens to the requests.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from devtools.till import RunningTill
from devtools.till.tests.caller import Caller, error_of, order_body

CALLERS = 50


class TestKey:
    def test_repeats_the_first_answer_to_the_same_body(self, till: RunningTill, caller: Caller) -> None:
        first = caller.post("/v2/orders", order_body())

        second = caller.post("/v2/orders", order_body())

        assert (second.status_code, second.json()) == (200, first.json())
        assert (till.counts().orders, till.counts().duplicates_answered) == (1, 1)
        assert till.orders()[0].requests == 2

    def test_repeats_the_first_answer_even_when_the_order_is_paid_meanwhile(self, caller: Caller) -> None:
        order = caller.order()
        caller.pay(order["id"])

        assert caller.order()["id"] == order["id"]

    def test_does_not_care_about_the_order_of_fields(self, till: RunningTill, caller: Caller) -> None:
        caller.order()
        turned = json.loads(json.dumps(order_body(), sort_keys=True))

        answer = caller.post("/v2/orders", dict(reversed(turned.items())))

        assert answer.status_code == 200
        assert till.counts().orders == 1

    def test_is_refused_for_another_body(self, till: RunningTill, caller: Caller) -> None:
        caller.order()

        answer = caller.post("/v2/orders", order_body(reference_id="R-2"))

        assert (answer.status_code, error_of(answer)["code"]) == (400, "IDEMPOTENCY_KEY_REUSED")
        assert [ticket.reference_id for ticket in till.orders()] == ["R-1"]

    def test_is_not_used_up_by_a_refused_request(self, till: RunningTill, caller: Caller) -> None:
        caller.post("/v2/orders", order_body(ticket_name="x" * 31))

        caller.order()

        assert till.counts().orders == 1

    def test_makes_one_order_of_fifty_requests_at_once(self, till: RunningTill) -> None:
        start = Barrier(CALLERS)

        def call(_: int) -> str:
            caller = Caller(till.url, till.token)
            start.wait()
            return str(caller.order()["id"])

        with ThreadPoolExecutor(CALLERS) as crowd:
            ids = set(crowd.map(call, range(CALLERS)))

        (ticket,) = till.orders()
        assert (ids, ticket.requests) == ({ticket.id}, CALLERS)
        assert till.counts().duplicates_answered == CALLERS - 1
