"""
Payments: money taken elsewhere, recorded at the till.
"""

from typing import Any

import pytest

from devtools.till import RunningTill
from devtools.till.tests.caller import Caller, error_of, eur, payment_body
from devtools.till.tests.test_orders import PICKUP


class TestCreatePayment:
    def test_pays_the_order(self, till: RunningTill, caller: Caller) -> None:
        order = caller.order()

        payment = caller.pay(order["id"]).json()["payment"]

        assert (payment["status"], payment["order_id"]) == ("COMPLETED", order["id"])
        assert payment["total_money"] == eur(2500)
        paid = caller.get(f"/v2/orders/{order['id']}").json()["order"]
        assert (paid["state"], paid["net_amount_due_money"], paid["version"]) == ("COMPLETED", eur(0), 2)
        assert paid["tenders"][0]["payment_id"] == payment["id"]
        assert till.orders()[0].paid
        assert till.counts().payments == 1

    def test_leaves_an_order_open_that_is_still_to_be_handed_out(self, caller: Caller) -> None:
        order = caller.order(fulfillments=[PICKUP])

        caller.pay(order["id"])

        assert caller.get(f"/v2/orders/{order['id']}").json()["order"]["state"] == "OPEN"

    def test_adds_the_tip_to_the_order(self, till: RunningTill, caller: Caller) -> None:
        order = caller.order()

        payment = caller.pay(order["id"], tip_money=eur(300)).json()["payment"]

        (ticket,) = till.orders()
        assert (ticket.total, ticket.tip) == (2800, 300)
        paid = caller.get(f"/v2/orders/{order['id']}").json()["order"]
        assert paid["total_money"] == payment["total_money"] == eur(2800)
        assert paid["total_tip_money"] == eur(300)

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"idempotency_key": "k" * 46}, "VALUE_TOO_LONG", "idempotency_key"),
            ({"idempotency_key": None}, "MISSING_REQUIRED_PARAMETER", "idempotency_key"),
            ({"source_id": "cnon:card"}, "UNSUPPORTED_SOURCE_TYPE", "source_id"),
            ({"external_details": None}, "MISSING_REQUIRED_PARAMETER", "external_details"),
            ({"external_details": {"type": "CARD"}}, "MISSING_REQUIRED_PARAMETER", "external_details.source"),
            (
                {"external_details": {"type": "GOLD", "source": "x"}},
                "INVALID_ENUM_VALUE",
                "external_details.type",
            ),
            ({"order_id": None}, "MISSING_REQUIRED_PARAMETER", "order_id"),
            ({"amount_money": None}, "MISSING_REQUIRED_PARAMETER", "amount_money"),
            ({"amount_money": eur(2499)}, "BAD_REQUEST", "amount_money.amount"),
            ({"amount_money": eur(2200), "tip_money": eur(300)}, "BAD_REQUEST", "amount_money.amount"),
            ({"amount_money": {"amount": 2500, "currency": "USD"}}, "CURRENCY_MISMATCH", "amount_money"),
            ({"tip_money": {"amount": 1, "currency": "USD"}}, "CURRENCY_MISMATCH", "tip_money"),
            ({"location_id": "LMOON"}, "LOCATION_MISMATCH", "location_id"),
            ({"autocomplete": False}, "BAD_REQUEST", "autocomplete"),
            ({"gratuity": 1}, "UNKNOWN_BODY_PARAMETER", "gratuity"),
        ],
    )
    def test_refuses_a_payment_that_does_not_fit(
        self, till: RunningTill, caller: Caller, changes: dict[str, Any], code: str, field: str
    ) -> None:
        order = caller.order()

        answer = caller.pay(order["id"], **changes)

        assert answer.status_code == 400
        assert (error_of(answer)["code"], error_of(answer)["field"]) == (code, field)
        assert not till.orders()[0].paid

    def test_refuses_an_order_it_does_not_know(self, caller: Caller) -> None:
        answer = caller.pay("NOBODY")

        assert (answer.status_code, error_of(answer)["code"]) == (404, "NOT_FOUND")

    def test_refuses_a_second_payment_with_another_key(self, till: RunningTill, caller: Caller) -> None:
        order = caller.order()
        caller.pay(order["id"])

        answer = caller.pay(order["id"], idempotency_key="another")

        assert answer.status_code == 400
        assert till.counts().payments == 1

    def test_repeats_the_first_answer_to_the_same_key(self, till: RunningTill, caller: Caller) -> None:
        order = caller.order()
        first = caller.pay(order["id"])

        second = caller.pay(order["id"])

        assert (second.status_code, second.json()) == (200, first.json())
        assert (till.counts().payments, till.counts().duplicates_answered) == (1, 1)

    def test_refuses_a_used_key_with_another_body(self, caller: Caller) -> None:
        order = caller.order()
        caller.pay(order["id"])

        answer = caller.post("/v2/payments", payment_body(order["id"], note="other"))

        assert (answer.status_code, error_of(answer)["code"]) == (400, "IDEMPOTENCY_KEY_REUSED")
