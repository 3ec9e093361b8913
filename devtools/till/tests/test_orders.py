"""
Orders: what the till takes, what it says, what it refuses.
"""

from typing import Any

import pytest

from devtools.till import RunningTill
from devtools.till.tests.caller import Caller, error_of, eur, order_body

PICKUP = {
    "type": "PICKUP",
    "pickup_details": {
        "recipient": {"display_name": "Ada"},
        "pickup_at": "2026-01-31T18:00:00+01:00",
        "prep_time_duration": "PT15M",
        "note": "no onions",
    },
}


class TestCreateOrder:
    def test_takes_an_order_and_computes_its_total(self, till: RunningTill, caller: Caller) -> None:
        order = caller.order()

        assert order["total_money"] == eur(2500)
        assert order["state"] == "OPEN"
        assert order["version"] == 1
        (ticket,) = till.orders()
        assert (ticket.id, ticket.reference_id, ticket.paid) == (order["id"], "R-1", False)
        assert (ticket.total, ticket.currency) == (2500, "EUR")

    def test_takes_everything_a_restaurant_sends(self, caller: Caller) -> None:
        line = {
            "name": "Ramen",
            "quantity": "1",
            "base_price_money": eur(1000),
            "note": "extra hot",
            "modifiers": [{"name": "Egg", "base_price_money": eur(150)}],
        }

        order = caller.order(
            ticket_name="Table 4",
            customer_id="C1",
            line_items=[line],
            taxes=[{"name": "VAT", "percentage": "7", "type": "INCLUSIVE"}],
            discounts=[{"name": "Friends", "percentage": "10"}],
            service_charges=[{"name": "Delivery", "amount_money": eur(300)}],
            fulfillments=[PICKUP],
            metadata={"order_uuid": "4c1e"},
        )

        assert order["total_money"] == eur(1150 - 115 + 300)
        assert order["fulfillments"][0]["state"] == "PROPOSED"
        assert order["fulfillments"][0]["pickup_details"]["placed_at"] == order["created_at"]
        assert order["line_items"][0]["modifiers"][0]["total_price_money"] == eur(150)

    def test_reads_null_as_absent(self, caller: Caller) -> None:
        order = caller.order(ticket_name=None, key=None)

        assert "ticket_name" not in order

    def test_takes_each_order_without_a_key_anew(self, till: RunningTill, caller: Caller) -> None:
        caller.order(key=None)
        caller.order(key=None)

        assert till.counts().orders == 2

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"location_id": None}, "MISSING_REQUIRED_PARAMETER", "order.location_id"),
            ({"location_id": "LMOON"}, "INVALID_LOCATION", "order.location_id"),
            ({"reference_id": "x" * 41}, "VALUE_TOO_LONG", "order.reference_id"),
            ({"reference_id": 7}, "EXPECTED_STRING", "order.reference_id"),
            ({"reference_id": "\ud800"}, "INVALID_VALUE", "order.reference_id"),
            ({"ticket_name": "x" * 31}, "VALUE_TOO_LONG", "order.ticket_name"),
            ({"total_money": eur(1)}, "BAD_REQUEST", "order.total_money"),
            ({"tip": 1}, "UNKNOWN_BODY_PARAMETER", "order.tip"),
            ({"line_items": {}}, "EXPECTED_ARRAY", "order.line_items"),
            ({"line_items": ["x"]}, "EXPECTED_OBJECT", "order.line_items[0]"),
            ({"fulfillments": [PICKUP, PICKUP]}, "ARRAY_LENGTH_TOO_LONG", "order.fulfillments"),
            ({"metadata": {"a b": "c"}}, "VALUE_REGEX_MISMATCH", "order.metadata"),
            ({"metadata": {f"k{n}": "v" for n in range(11)}}, "TOO_MANY_MAP_ENTRIES", "order.metadata"),
            ({"state": "PAID"}, "INVALID_ENUM_VALUE", "order.state"),
        ],
    )
    def test_refuses_an_order_of_another_shape(
        self, till: RunningTill, caller: Caller, changes: dict[str, Any], code: str, field: str
    ) -> None:
        answer = caller.post("/v2/orders", order_body(**changes))

        assert answer.status_code == 400
        assert (error_of(answer)["code"], error_of(answer)["field"]) == (code, field)
        assert error_of(answer)["category"] == "INVALID_REQUEST_ERROR"
        assert till.counts().orders == 0

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"quantity": None}, "MISSING_REQUIRED_PARAMETER", "quantity"),
            ({"quantity": 2}, "EXPECTED_STRING", "quantity"),
            ({"quantity": "0"}, "VALUE_REGEX_MISMATCH", "quantity"),
            ({"quantity": "٣"}, "VALUE_REGEX_MISMATCH", "quantity"),
            ({"quantity": "1000000000000"}, "VALUE_TOO_LONG", "quantity"),
            ({"name": "x" * 513}, "VALUE_TOO_LONG", "name"),
            ({"name": None}, "MISSING_REQUIRED_PARAMETER", "name"),
            ({"note": "x" * 2001}, "VALUE_TOO_LONG", "note"),
            ({"base_price_money": None}, "MISSING_REQUIRED_PARAMETER", "base_price_money"),
            ({"base_price_money": {"amount": 12.5, "currency": "EUR"}}, "EXPECTED_INTEGER", "base_price_money.amount"),
            ({"base_price_money": {"amount": True, "currency": "EUR"}}, "EXPECTED_INTEGER", "base_price_money.amount"),
            ({"base_price_money": {"amount": -1, "currency": "EUR"}}, "VALUE_TOO_LOW", "base_price_money.amount"),
            ({"base_price_money": {"amount": 1}}, "MISSING_REQUIRED_PARAMETER", "base_price_money.currency"),
            ({"base_price_money": {"amount": 1, "currency": "eur"}}, "VALUE_REGEX_MISMATCH", "base_price_money.currency"),
            ({"base_price_money": {"amount": 1, "currency": "USD"}}, "CURRENCY_MISMATCH", "base_price_money.currency"),
            ({"price": 1}, "UNKNOWN_BODY_PARAMETER", "price"),
            ({"applied_taxes": [{"tax_uid": "none"}]}, "BAD_REQUEST", "applied_taxes"),
        ],
    )  # fmt: skip
    def test_refuses_a_line_of_another_shape(
        self, caller: Caller, changes: dict[str, Any], code: str, field: str
    ) -> None:
        line = {**order_body()["order"]["line_items"][0], **changes}

        answer = caller.post("/v2/orders", order_body(line_items=[line]))

        assert answer.status_code == 400
        assert (error_of(answer)["code"], error_of(answer)["field"]) == (code, f"order.line_items[0].{field}")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"pickup_details": None}, "pickup_details"),
            (
                {"pickup_details": {"pickup_at": "2026-01-31T18:00:00Z"}},
                "pickup_details.recipient.display_name",
            ),
            ({"pickup_details": {"recipient": {"display_name": "Ada"}}}, "pickup_details.pickup_at"),
            ({"pickup_details": {"pickup_at": "tomorrow"}}, "pickup_details.pickup_at"),
            ({"pickup_details": {"note": "x" * 501}}, "pickup_details.note"),
            ({"type": "DRONE"}, "type"),
        ],
    )
    def test_refuses_a_fulfillment_nobody_could_serve(
        self, caller: Caller, changes: dict[str, Any], field: str
    ) -> None:
        answer = caller.post("/v2/orders", order_body(fulfillments=[{**PICKUP, **changes}]))

        assert answer.status_code == 400
        assert error_of(answer)["field"] == f"order.fulfillments[0].{field}"

    def test_refuses_an_item_of_a_catalogue_it_does_not_have(self, caller: Caller) -> None:
        line = {"catalog_object_id": "RAMEN", "quantity": "1"}

        answer = caller.post("/v2/orders", order_body(line_items=[line]))

        assert (answer.status_code, error_of(answer)["code"]) == (404, "NOT_FOUND")

    def test_refuses_a_total_beyond_counting(self, caller: Caller) -> None:
        line = {"name": "Gold", "quantity": "999999999999", "base_price_money": eur(99_999_999_99)}

        answer = caller.post("/v2/orders", order_body(line_items=[line]))

        assert (answer.status_code, error_of(answer)["code"]) == (400, "AMOUNT_TOO_HIGH")

    def test_refuses_a_body_without_an_order(self, caller: Caller) -> None:
        answer = caller.post("/v2/orders", {"idempotency_key": "k", "colour": "red"})

        fields = [error["field"] for error in answer.json()["errors"]]
        assert fields == ["order", "colour"]

    def test_refuses_a_key_beyond_192_characters(self, caller: Caller) -> None:
        assert caller.order(key="k" * 192)

        answer = caller.post("/v2/orders", order_body(key="k" * 193))

        assert error_of(answer)["field"] == "idempotency_key"


class TestRetrieveOrder:
    def test_shows_the_order(self, caller: Caller) -> None:
        order = caller.order()

        answer = caller.get(f"/v2/orders/{order['id']}")

        assert answer.json() == {"order": order}

    def test_does_not_know_another_id(self, caller: Caller) -> None:
        answer = caller.get("/v2/orders/NOBODY")

        assert (answer.status_code, error_of(answer)["code"]) == (404, "NOT_FOUND")


class TestBatchRetrieveOrders:
    def test_shows_those_that_exist(self, caller: Caller) -> None:
        order = caller.order()

        answer = caller.post("/v2/orders/batch-retrieve", {"order_ids": [order["id"], "NOBODY"]})

        assert answer.json() == {"orders": [order]}


class TestLocations:
    def test_are_listed_with_their_currency(self, caller: Caller) -> None:
        (location,) = caller.get("/v2/locations").json()["locations"]

        assert (location["id"], location["currency"]) == ("LMAIN", "EUR")
