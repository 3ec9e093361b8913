"""
The door for Stripe, and what anybody may throw at it: answered with 200, 400 or 413, never with a fault of ours.
"""

import json

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from devtools.stripe_sender import Sale, events, sign
from orders.testing import make_order
from payments.models import StripeEvent
from payments.testing import deliver, post, sale_of

HEADERS = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=60) | st.from_regex(
    r"\At=[0-9]{1,12},v1=[0-9a-f]{0,64}\Z"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
SALE = Sale.of(order_reference="", amount=1995, currency="usd")
EVENTS = [
    events.payment_intent_succeeded(SALE),
    events.charge_succeeded(SALE),
    events.checkout_session_completed(SALE),
    events.refund_created(SALE),
    events.charge_refunded(SALE),
]
FACTS = ("id", "amount", "amount_received", "amount_total", "amount_refunded", "currency", "metadata", "status",
         "payment_intent", "payment_status", "created", "payment_method_details", "client_reference_id")  # fmt: skip


def signed(body: bytes) -> str:
    return sign(body, secret=settings.STRIPE_WEBHOOK_SECRETS[0])


@pytest.mark.django_db
class TestTheDoor:
    @given(body=st.binary(max_size=400), signature=HEADERS)
    def test_turns_away_whatever_is_not_signed_and_keeps_nothing(self, body: bytes, signature: str):
        assert post(body, signature) == 400
        assert not StripeEvent.objects.exists()

    @given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
    def test_turns_away_what_is_signed_and_no_event_and_keeps_nothing(self, body: bytes):
        assert post(body, signed(body)) == 400
        assert not StripeEvent.objects.exists()

    @given(event=st.sampled_from(EVENTS), fact=st.sampled_from(FACTS), value=JSON, number=st.uuids())
    def test_answers_for_events_with_any_value_in_any_place(self, event, fact, value, number):
        about = {**event["data"]["object"], fact: value}
        body = json.dumps({**event, "id": f"evt_{number}", "data": {"object": about}}).encode()

        assert post(body, signed(body)) in (200, 400)

    @pytest.mark.parametrize("size", [256 * 1024 - 1, 256 * 1024 + 1])
    def test_knows_too_large_before_it_reads(self, size: int):
        body = b" " * size

        assert post(body, signed(body)) == (413 if size > 256 * 1024 else 400)

    @pytest.mark.parametrize(
        ("fact", "value"),
        [
            ("metadata", {"order_id": "\x00"}),
            ("metadata", {"order_id": "x" * 5000}),
            ("amount_received", 10**400),
            ("amount_received", -1),
            ("currency", "u" * 400),
            ("currency", "\x00"),
            ("amount", 0),
            ("amount", 10**12),
            ("created", 10**18),
            ("status", "\x00"),
            ("id", "x" * 300),
        ],
    )
    def test_answers_for_what_no_column_holds(self, fact, value):
        order = make_order(paid=False)
        sale = sale_of(order)
        deliver(events.payment_intent_succeeded(sale))
        for number, event in enumerate((events.payment_intent_succeeded(sale), events.refund_created(sale))):
            about = {**event["data"]["object"], fact: value}
            body = json.dumps({**event, "id": f"evt_odd_{number}", "data": {"object": about}}).encode()

            assert post(body, signed(body)) in (200, 400)

    def test_is_not_lost_in_what_is_nested_without_end(self):
        body = b"[" * 100_000

        assert post(body, signed(body)) == 400
