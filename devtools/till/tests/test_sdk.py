"""
The official SDK as a witness: if it can read every answer, the till speaks Square.
"""

from typing import Any

import httpx
import pytest
from square import Square
from square.core.api_error import ApiError
from square.core.request_options import RequestOptions

from devtools.till import RunningTill
from devtools.till.tests.caller import order_body, payment_body
from devtools.till.tests.test_orders import PICKUP

ONCE: RequestOptions = {"max_retries": 0}


def create(square: Square, **changes: Any) -> Any:
    """Create an order through the SDK."""
    return square.orders.create(**order_body(**changes), request_options=ONCE)


class TestOfficialSdk:
    def test_reads_an_order_with_all_its_parts(self, square: Square) -> None:
        order = create(
            square,
            fulfillments=[PICKUP],
            taxes=[{"uid": "vat", "name": "VAT", "percentage": "7", "type": "INCLUSIVE"}],
            discounts=[{"name": "Friends", "percentage": "10"}],
            service_charges=[{"name": "Delivery", "amount_money": {"amount": 300, "currency": "EUR"}}],
        ).order

        assert (order.total_money.amount, order.total_money.currency) == (2250 + 300, "EUR")
        assert order.line_items[0].applied_taxes[0].tax_uid == "vat"
        assert order.fulfillments[0].pickup_details.recipient.display_name == "Ada"
        assert order.discounts[0].applied_money.amount == 250
        assert order.service_charges[0].total_money.amount == 300

    def test_knows_every_field_that_the_till_sends(self, square: Square) -> None:
        order = create(
            square, fulfillments=[PICKUP], taxes=[{"percentage": "7"}], discounts=[{"percentage": "1"}]
        )
        payment = square.payments.create(
            **payment_body(order.order.id, amount_money={"amount": 2648, "currency": "EUR"}),
            request_options=ONCE,
        )
        again = square.orders.get(order.order.id)

        unknown = [name for answer in (order, payment, again) for name in unknown_fields(answer)]
        assert unknown == []

    def test_reads_a_payment(self, square: Square) -> None:
        order = create(square).order

        payment = square.payments.create(**payment_body(order.id), request_options=ONCE).payment

        assert payment is not None
        assert (payment.status, payment.source_type, payment.order_id) == ("COMPLETED", "EXTERNAL", order.id)

    def test_finds_and_pages(self, square: Square) -> None:
        ids = [create(square, key=key).order.id for key in ("a", "b", "c")]
        query: Any = {
            "filter": {"date_time_filter": {"created_at": {"start_at": "2020-01-01T00:00:00Z"}}},
            "sort": {"sort_field": "CREATED_AT", "sort_order": "ASC"},
        }

        first = square.orders.search(location_ids=["LMAIN"], query=query, limit=2)
        rest = square.orders.search(location_ids=["LMAIN"], query=query, limit=2, cursor=first.cursor)

        assert [order.id for page in (first, rest) for order in page.orders or []] == ids
        assert rest.cursor is None

    def test_retrieves_one_and_many(self, square: Square) -> None:
        order = create(square).order

        one = square.orders.get(order.id).order
        many = square.orders.batch_get(order_ids=[order.id]).orders

        assert one == order
        assert many == [order]

    def test_lists_locations(self, square: Square) -> None:
        (location,) = square.locations.list().locations or []

        assert location.id == "LMAIN"

    def test_reads_the_same_order_again_for_the_same_key(self, square: Square) -> None:
        assert create(square) == create(square)

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"reference_id": "x" * 41}, 400, "VALUE_TOO_LONG"),
            ({"location_id": "LMOON"}, 400, "INVALID_LOCATION"),
            ({"line_items": [{"catalog_object_id": "X", "quantity": "1"}]}, 404, "NOT_FOUND"),
        ],
    )
    def test_raises_its_own_error_for_a_refusal(
        self, square: Square, changes: dict[str, Any], status: int, code: str
    ) -> None:
        with pytest.raises(ApiError) as caught:
            create(square, **changes)

        assert (caught.value.status_code, caught.value.errors[0].code) == (status, code)
        assert caught.value.errors[0].category == "INVALID_REQUEST_ERROR"

    @pytest.mark.parametrize(
        ("mode", "status", "code"),
        [
            ("rate_limited", 429, "RATE_LIMITED"),
            ("server_error", 500, "INTERNAL_SERVER_ERROR"),
            ("refuse", 400, "BAD_REQUEST"),
            ("html", 502, "Unknown"),
            ("html", 200, "Unknown"),
        ],
    )
    def test_raises_its_own_error_for_a_fault(
        self, till: RunningTill, square: Square, mode: str, status: int, code: str
    ) -> None:
        till.break_down(mode, status=status)

        with pytest.raises(ApiError) as caught:
            create(square)

        assert (caught.value.status_code, caught.value.errors[0].code) == (status, code)

    def test_notices_a_dropped_connection(self, till: RunningTill, square: Square) -> None:
        till.break_down("fail_after_effect", times=1)

        with pytest.raises(httpx.RemoteProtocolError):
            create(square)

        assert create(square).order.id == till.orders()[0].id

    def test_retries_by_itself_and_gets_the_one_order(self, till: RunningTill, square: Square) -> None:
        till.break_down("rate_limited", times=1, seconds=0)

        order = square.orders.create(**order_body(), request_options={"max_retries": 1}).order

        assert order is not None
        assert [ticket.id for ticket in till.orders()] == [order.id]

    def test_is_turned_away_with_a_wrong_token(self, till: RunningTill) -> None:
        square = Square(token="wrong", base_url=till.url, httpx_client=httpx.Client(trust_env=False))

        with pytest.raises(ApiError) as caught:
            square.locations.list()

        assert (caught.value.status_code, caught.value.errors[0].code) == (401, "UNAUTHORIZED")


def unknown_fields(answer: Any) -> list[str]:
    """Name every field, at any depth, that the SDK's model of an answer does not have."""
    if isinstance(answer, list):
        return [name for part in answer for name in unknown_fields(part)]
    if not hasattr(answer, "model_extra"):
        return []
    own = [f"{type(answer).__name__}.{name}" for name in answer.model_extra or {}]
    return own + [
        name for field in type(answer).model_fields for name in unknown_fields(getattr(answer, field))
    ]
