"""
The official SDK as a witness of what becomes of an order later.
"""

import pytest
from square import Square
from square.core.api_error import ApiError

from devtools.till import RunningTill
from devtools.till.tests.caller import payment_body
from devtools.till.tests.test_orders import PICKUP
from devtools.till.tests.test_sdk import ONCE, create, unknown_fields


class TestOfficialSdk:
    def test_cancels_a_fulfillment(self, till: RunningTill, square: Square) -> None:
        order = create(square, fulfillments=[PICKUP]).order
        square.payments.create(**payment_body(order.id), request_options=ONCE)
        paid = square.orders.get(order.id).order

        answer = square.orders.update(
            order.id,
            order={
                "location_id": "LMAIN",
                "version": paid.version,
                "fulfillments": [{"uid": paid.fulfillments[0].uid, "state": "CANCELED"}],
            },
            idempotency_key="cancel",
            request_options=ONCE,
        )

        assert (answer.order.fulfillments[0].state, answer.order.version) == ("CANCELED", paid.version + 1)
        assert answer.order.fulfillments[0].pickup_details.canceled_at == answer.order.updated_at
        assert unknown_fields(answer) == []

    def test_is_told_of_another_version(self, square: Square) -> None:
        order = create(square, fulfillments=[PICKUP]).order

        with pytest.raises(ApiError) as caught:
            square.orders.update(order.id, order={"location_id": "LMAIN", "version": 7}, request_options=ONCE)

        assert (caught.value.status_code, caught.value.errors[0].code) == (400, "VERSION_MISMATCH")

    @pytest.mark.parametrize("kind", ["PICKUP", "DELIVERY"])
    @pytest.mark.parametrize("state", ["RESERVED", "PREPARED", "COMPLETED", "CANCELED", "FAILED"])
    def test_knows_every_field_of_a_fulfillment_in_any_state(
        self, till: RunningTill, square: Square, kind: str, state: str
    ) -> None:
        details = {"recipient": {"display_name": "Ada"}, "schedule_type": "ASAP"}
        fulfillment = {"type": kind, f"{kind.lower()}_details": details}
        order = create(square, fulfillments=[fulfillment]).order

        till.move_fulfillment(order.id, state)

        held = square.orders.get(order.id)
        assert (held.order.fulfillments[0].state, unknown_fields(held)) == (state, [])
