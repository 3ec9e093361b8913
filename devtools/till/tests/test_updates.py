"""
UpdateOrder: what becomes of an order after it was taken.
"""

from typing import Any

import pytest
import requests

from devtools.till import RunningTill
from devtools.till.tests.caller import Caller, Document, error_of, fulfillment_in, update_body
from devtools.till.tests.test_orders import PICKUP


def updated(caller: Caller, order: Document, *, key: str | None = "update-key", **changes: Any) -> Document:
    """Update an order that must let itself be updated, and give it back."""
    answer = caller.put(f"/v2/orders/{order['id']}", update_body(order, key=key, **changes))
    assert answer.status_code == 200, answer.text
    after: Document = answer.json()["order"]
    return after


def now(caller: Caller, order: Document) -> Document:
    """Read the order as it stands."""
    held: Document = caller.get(f"/v2/orders/{order['id']}").json()["order"]
    return held


class TestUpdateOrder:
    def test_cancels_the_fulfillment_of_a_paid_order(self, till: RunningTill, caller: Caller) -> None:
        order = caller.order(fulfillments=[PICKUP])
        caller.pay(order["id"])
        paid = now(caller, order)

        after = updated(caller, paid, fulfillments=fulfillment_in("CANCELED", paid))

        assert (after["fulfillments"][0]["state"], after["state"]) == ("CANCELED", "OPEN")
        assert after["fulfillments"][0]["pickup_details"]["canceled_at"] == after["updated_at"]
        assert after["version"] == paid["version"] + 1
        assert after["tenders"] == paid["tenders"]
        assert now(caller, order) == after
        (ticket,) = till.orders()
        assert (ticket.fulfillment, ticket.canceled) == ("CANCELED", True)

    def test_cancels_an_unpaid_order_with_its_fulfillment(self, till: RunningTill, caller: Caller) -> None:
        order = caller.order(fulfillments=[PICKUP])

        after = updated(caller, order, state="CANCELED", fulfillments=fulfillment_in("CANCELED", order))

        assert (after["state"], after["closed_at"]) == ("CANCELED", after["updated_at"])
        assert till.orders()[0].canceled
        assert error_of(caller.pay(order["id"]))["detail"] == "The order is CANCELED."

    def test_completes_a_paid_order_with_its_fulfillment(self, caller: Caller) -> None:
        order = caller.order(fulfillments=[PICKUP])
        caller.pay(order["id"])
        paid = now(caller, order)

        after = updated(caller, paid, state="COMPLETED", fulfillments=fulfillment_in("COMPLETED", paid))

        assert after["state"] == "COMPLETED"

    @pytest.mark.parametrize(
        ("changes", "status", "code", "field"),
        [
            ({"version": 7}, 400, "VERSION_MISMATCH", "order.version"),
            ({"version": None}, 400, "MISSING_REQUIRED_PARAMETER", "order.version"),
            ({"location_id": None}, 400, "MISSING_REQUIRED_PARAMETER", "order.location_id"),
            ({"location_id": "LMOON"}, 400, "BAD_REQUEST", "order.location_id"),
            ({"state": "CANCELED"}, 400, "BAD_REQUEST", "order.state"),
            ({"state": "DRAFT"}, 400, "INVALID_ENUM_VALUE", "order.state"),
            ({"fulfillments": [{"uid": "x", "state": "CANCELED"}]}, 404, "NOT_FOUND", "order.fulfillments[0].uid"),
            ({"fulfillments": [{"state": "CANCELED"}]}, 400, "MISSING_REQUIRED_PARAMETER", "order.fulfillments[0].uid"),
            ({"line_items": []}, 400, "UNKNOWN_BODY_PARAMETER", "order.line_items"),
        ],
    )  # fmt: skip
    def test_refuses_what_does_not_fit_and_changes_nothing(
        self, caller: Caller, changes: dict[str, Any], status: int, code: str, field: str
    ) -> None:
        order = caller.order(fulfillments=[PICKUP])

        answer = caller.put(f"/v2/orders/{order['id']}", update_body(order, **changes))

        assert (answer.status_code, error_of(answer)["code"]) == (status, code)
        assert error_of(answer)["field"] == field
        assert now(caller, order) == order

    def test_names_both_versions_where_they_differ(self, caller: Caller) -> None:
        order = caller.order()

        answer = caller.put(f"/v2/orders/{order['id']}", update_body(order, version=0))

        detail = f"Supplied version 0 does not match the current version 1 of order {order['id']}."
        assert error_of(answer)["detail"] == detail

    def test_refuses_to_cancel_what_is_paid_and_to_complete_what_is_not(self, caller: Caller) -> None:
        order = caller.order(fulfillments=[PICKUP])
        canceled = fulfillment_in("CANCELED", order)
        path = f"/v2/orders/{order['id']}"

        unpaid = caller.put(path, update_body(order, state="COMPLETED", fulfillments=canceled))
        caller.pay(order["id"])
        paid = caller.put(path, update_body(now(caller, order), state="CANCELED", fulfillments=canceled))

        assert error_of(unpaid)["detail"] == "An order that is not paid cannot be COMPLETED."
        assert error_of(paid)["detail"] == "An order that is paid cannot be CANCELED."

    def test_refuses_to_change_what_is_complete(self, caller: Caller) -> None:
        order = caller.order()
        caller.pay(order["id"])

        answer = caller.put(f"/v2/orders/{order['id']}", update_body(now(caller, order)))

        assert error_of(answer)["detail"] == "An order that is COMPLETED cannot be updated."

    def test_knows_no_other_order(self, caller: Caller) -> None:
        answer = caller.put("/v2/orders/NOBODY", update_body(caller.order()))

        assert (answer.status_code, error_of(answer)["code"]) == (404, "NOT_FOUND")

    def test_changes_nothing_for_a_key_that_was_used_and_says_yes(
        self, till: RunningTill, caller: Caller
    ) -> None:
        order = caller.order(fulfillments=[PICKUP])
        reserved = updated(caller, order, fulfillments=fulfillment_in("RESERVED", order))

        repeated = updated(caller, order, fulfillments=fulfillment_in("RESERVED", order))
        other = updated(caller, reserved, fulfillments=fulfillment_in("CANCELED", order))

        assert repeated == other == reserved
        assert till.counts().duplicates_answered == 2

    def test_does_not_use_a_key_up_for_a_refused_request(self, caller: Caller) -> None:
        order = caller.order(fulfillments=[PICKUP])
        caller.put(f"/v2/orders/{order['id']}", update_body(order, version=9))

        after = updated(caller, order, fulfillments=fulfillment_in("CANCELED", order))

        assert after["fulfillments"][0]["state"] == "CANCELED"

    def test_can_be_struck_alone_by_a_fault(self, till: RunningTill, caller: Caller) -> None:
        order = caller.order(fulfillments=[PICKUP])
        till.break_down("fail_after_effect", method="PUT", reference_id="R-1", times=1)

        with pytest.raises(requests.ConnectionError):
            updated(caller, order, fulfillments=fulfillment_in("CANCELED", order))

        assert now(caller, order)["fulfillments"][0]["state"] == "CANCELED"
        assert [(visit.method, visit.outcome, visit.status) for visit in till.requests()][1] == (
            "PUT",
            "kept",
            None,
        )
