"""
Breakdowns: what a caller sees of each fault, and what the till keeps all the same.
"""

from typing import Any

import pytest
import requests

from devtools.till import Mode, RunningTill
from devtools.till.tests.caller import Caller, error_of, order_body, wait_until

SHORT_SECONDS = 0.1


class TestFailBeforeEffect:
    def test_keeps_nothing_and_closes_the_connection(self, till: RunningTill, caller: Caller) -> None:
        till.break_down("fail_before_effect", times=1)

        with pytest.raises(requests.ConnectionError):
            caller.post("/v2/orders", order_body())

        (visit,) = till.requests()
        assert (visit.fault, visit.outcome, visit.status) == ("fail_before_effect", "untouched", None)
        assert till.counts().orders == 0

    def test_keeps_nothing_and_answers_an_error_by_status(self, till: RunningTill, caller: Caller) -> None:
        till.break_down(Mode.FAIL_BEFORE_EFFECT, status=503)

        answer = caller.post("/v2/orders", order_body())

        assert (answer.status_code, error_of(answer)["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert till.counts().orders == 0


class TestFailAfterEffect:
    def test_keeps_the_order_and_never_says_so(self, till: RunningTill, caller: Caller) -> None:
        till.break_down("fail_after_effect", times=1)

        with pytest.raises(requests.ConnectionError):
            caller.post("/v2/orders", order_body())

        (visit,) = till.requests()
        assert (visit.fault, visit.outcome, visit.status) == ("fail_after_effect", "kept", None)
        assert till.counts().orders == 1

    def test_repeats_the_order_when_the_same_request_comes_again(
        self, till: RunningTill, caller: Caller
    ) -> None:
        till.break_down("fail_after_effect", times=1)
        with pytest.raises(requests.ConnectionError):
            caller.post("/v2/orders", order_body())

        order = caller.order()

        (ticket,) = till.orders()
        assert (ticket.id, ticket.requests) == (order["id"], 2)
        assert till.counts().duplicates_answered == 1


class TestHang:
    @pytest.mark.parametrize("effect", [True, False])
    def test_never_answers_and_keeps_the_order_if_told_to(
        self,
        till: RunningTill,
        caller: Caller,
        effect: bool,  # noqa: FBT001
    ) -> None:
        till.break_down("hang", effect=effect)

        with pytest.raises(requests.ReadTimeout):
            caller.post("/v2/orders", order_body(), timeout=SHORT_SECONDS)

        assert till.counts().orders == int(effect)
        assert till.requests()[0].status is None


class TestSlow:
    def test_answers_late(self, till: RunningTill, caller: Caller) -> None:
        till.break_down("slow", seconds=SHORT_SECONDS)

        answer = caller.post("/v2/orders", order_body())

        assert answer.status_code == 200
        assert answer.elapsed.total_seconds() >= SHORT_SECONDS

    def test_takes_the_order_though_the_caller_has_given_up(self, till: RunningTill, caller: Caller) -> None:
        till.break_down("slow", seconds=4 * SHORT_SECONDS)
        with pytest.raises(requests.ReadTimeout):
            caller.post("/v2/orders", order_body(), timeout=SHORT_SECONDS)
        caller.session.close()
        assert till.counts().orders == 0

        wait_until(lambda: till.counts().orders == 1)

        assert till.requests()[0].status is None


class TestAnsweredFaults:
    @pytest.mark.parametrize(
        ("fault", "status", "error"),
        [
            ({"mode": "rate_limited"}, 429, ("RATE_LIMIT_ERROR", "RATE_LIMITED")),
            ({"mode": "server_error"}, 500, ("API_ERROR", "INTERNAL_SERVER_ERROR")),
            ({"mode": "server_error", "status": 502}, 502, ("API_ERROR", "BAD_GATEWAY")),
            ({"mode": "server_error", "status": 504}, 504, ("API_ERROR", "GATEWAY_TIMEOUT")),
            ({"mode": "refuse"}, 400, ("INVALID_REQUEST_ERROR", "BAD_REQUEST")),
            ({"mode": "refuse", "status": 401}, 401, ("AUTHENTICATION_ERROR", "ACCESS_TOKEN_EXPIRED")),
            ({"mode": "refuse", "status": 422}, 422, ("INVALID_REQUEST_ERROR", "UNPROCESSABLE_ENTITY")),
        ],
    )
    def test_are_told_in_squares_words_and_keep_nothing(
        self, till: RunningTill, caller: Caller, fault: dict[str, Any], status: int, error: tuple[str, str]
    ) -> None:
        till.break_down(**fault)

        answer = caller.post("/v2/orders", order_body())

        assert answer.status_code == status
        assert (error_of(answer)["category"], error_of(answer)["code"]) == error
        assert till.counts().orders == 0

    def test_say_when_to_come_back(self, till: RunningTill, caller: Caller) -> None:
        till.break_down("rate_limited", seconds=7)

        assert caller.post("/v2/orders", order_body()).headers["Retry-After"] == "7"

    @pytest.mark.parametrize("status", [200, 502])
    def test_may_be_a_page_of_html(self, till: RunningTill, caller: Caller, status: int) -> None:
        till.break_down("html", status=status)

        answer = caller.post("/v2/orders", order_body())

        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("text/html")
        assert answer.text.startswith("<!doctype html>")
        assert till.counts().orders == 0


class TestReach:
    def test_is_so_many_times(self, till: RunningTill, caller: Caller) -> None:
        till.break_down("server_error", times=2)

        statuses = [caller.post("/v2/orders", order_body()).status_code for _ in range(3)]

        assert statuses == [500, 500, 200]

    def test_ends_when_the_till_is_mended(self, till: RunningTill, caller: Caller) -> None:
        till.break_down("server_error")
        assert caller.post("/v2/orders", order_body()).status_code == 500

        till.mend()

        assert caller.post("/v2/orders", order_body()).status_code == 200

    def test_may_be_one_path(self, till: RunningTill, caller: Caller) -> None:
        till.break_down("server_error", path="/v2/payments")

        order = caller.order()

        assert caller.pay(order["id"]).status_code == 500

    def test_may_be_one_order_with_its_payment_and_its_look_up(
        self, till: RunningTill, caller: Caller
    ) -> None:
        poison, good = (caller.order(key=name, reference_id=name) for name in ("poison", "good"))

        till.break_down("refuse", reference_id="poison")

        assert caller.post("/v2/orders", order_body(key="x", reference_id="poison")).status_code == 400
        assert caller.pay(poison["id"], idempotency_key="x").status_code == 400
        assert caller.pay(good["id"], idempotency_key="y").status_code == 200
        assert caller.get(f"/v2/orders/{poison['id']}").status_code == 400
        assert caller.get(f"/v2/orders/{good['id']}").status_code == 200

    def test_may_be_a_share_that_a_seed_repeats(self, till: RunningTill, caller: Caller) -> None:
        def statuses() -> list[int]:
            till.break_down("server_error", probability=0.5, seed=7)
            return [caller.get("/v2/locations").status_code for _ in range(20)]

        first, second = statuses(), statuses()

        assert first == second
        assert set(first) == {200, 500}

    def test_may_be_several_faults_of_which_the_first_strikes(
        self, till: RunningTill, caller: Caller
    ) -> None:
        till.break_down("refuse", reference_id="R-1")
        till.break_down("rate_limited", adding=True)

        answers = [
            caller.post("/v2/orders", order_body(key=f"k{name}", reference_id=name))
            for name in ("R-1", "R-2")
        ]

        assert [answer.status_code for answer in answers] == [400, 429]
        assert [fault["struck"] for fault in till.faults()] == [1, 1]
