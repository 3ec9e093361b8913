import json

import pytest
import stripe

from devtools.stripe_sender import Sale
from devtools.stripe_sender.api_version import API_VERSIONS, CURRENT, WITH_CHARGES
from devtools.stripe_sender.events import (
    MENU,
    charge_dispute_closed,
    charge_refunded,
    checkout_session_async_payment_failed,
    checkout_session_completed,
    checkout_session_expired,
    payment_intent_amount_capturable_updated,
    payment_intent_payment_failed,
    payment_intent_succeeded,
    refund_created,
    refund_failed,
    refund_updated,
)
from devtools.stripe_sender.refund_events import RefundTooLarge
from devtools.stripe_sender.tests.stripe_types import CLASSES


def typed(event):
    return stripe.Event.construct_from(event, "sk_test_none").data.object


@pytest.mark.parametrize("api_version", API_VERSIONS)
@pytest.mark.parametrize("type_", MENU)
class TestEveryEvent:
    def test_is_read_by_stripes_own_library_as_what_it_is(self, sale, type_, api_version):
        event = MENU[type_](sale, api_version=api_version)

        read = stripe.Event.construct_from(event, "sk_test_none")

        assert (read.type, read.api_version, read.livemode) == (type_, api_version, False)
        assert read.created == sale.created
        assert isinstance(read.data.object, CLASSES[read.data.object.object])

    def test_names_the_order(self, sale, type_, api_version):
        about = MENU[type_](sale, api_version=api_version)["data"]["object"]

        if about["object"] == "dispute":  # Stripe does not copy metadata to disputes
            assert about["payment_intent"] == sale.payment_intent
        else:
            assert about["metadata"]["order_id"] == "R-1001"

    def test_is_the_same_again(self, sale, type_, api_version):
        again = Sale.of(order_reference="R-1001", amount=1995, currency="USD", seed=1, created=1_790_000_000)

        first, second = (MENU[type_](one, api_version=api_version) for one in (sale, again))

        assert json.dumps(first) == json.dumps(second)

    def test_takes_a_given_id_time_mode_and_account(self, type_, api_version):
        live = Sale.of(order_reference="R-1", amount=500, currency="jpy", livemode=True, account="acct_1")

        event = MENU[type_](live, api_version=api_version, event_id="evt_given", created=1_700_000_000)

        assert (event["id"], event["created"]) == ("evt_given", 1_700_000_000)
        assert (event["livemode"], event["account"]) == (True, "acct_1")
        assert event["data"]["object"].get("livemode", True) is True


class TestSale:
    def test_has_ids_in_stripes_form(self, sale):
        assert sale.payment_intent.startswith("pi_3")
        assert len(sale.payment_intent) == len("pi_3MtwBwLkdIwHu7ix28a3tqPa")
        assert sale.charge.startswith("ch_3")
        assert sale.session.startswith("cs_test_a1")

    def test_has_other_ids_with_another_seed_or_order(self, sale):
        others = [
            Sale.of(order_reference="R-1001", amount=1995, currency="usd", seed=2),
            Sale.of(order_reference="R-1002", amount=1995, currency="usd", seed=1),
        ]

        assert len({sale.payment_intent, *(other.payment_intent for other in others)}) == 3


class TestEventIds:
    def test_differ_by_type_and_by_refund(self, sale):
        ids = [build(sale)["id"] for build in MENU.values()]
        ids += [refund_created(sale, number=2)["id"], charge_refunded(sale, number=2)["id"]]

        assert len(ids) == len(set(ids))


class TestPaymentIntent:
    def test_lists_its_charge_with_the_card_in_the_old_version(self, sale):
        intent = typed(payment_intent_succeeded(sale, api_version=WITH_CHARGES))

        (paid,) = intent.charges.data
        assert (paid.id, paid.payment_method_details.card.last4) == (sale.charge, "4242")
        assert (paid.paid, paid.captured, paid.amount_captured) == (True, True, 1995)

    def test_only_names_its_latest_charge_today(self, sale):
        intent = typed(payment_intent_succeeded(sale, api_version=CURRENT))

        assert intent.latest_charge == sale.charge
        assert "charges" not in intent

    @pytest.mark.parametrize("api_version", API_VERSIONS)
    def test_may_have_received_less(self, sale, api_version):
        intent = typed(payment_intent_succeeded(sale, amount_received=1000, api_version=api_version))

        assert (intent.amount, intent.amount_received, intent.amount_capturable) == (1995, 1000, 0)
        assert intent.status == "succeeded"

    def test_has_received_nothing_while_it_waits_to_be_captured(self, sale):
        intent = typed(payment_intent_amount_capturable_updated(sale, api_version=WITH_CHARGES))

        assert (intent.amount_capturable, intent.amount_received, intent.capture_method) == (
            1995,
            0,
            "manual",
        )
        assert intent.charges.data[0].captured is False

    def test_tells_why_it_failed(self, sale):
        intent = typed(payment_intent_payment_failed(sale))

        assert intent.status == "requires_payment_method"
        assert intent.last_payment_error.code == "card_declined"
        assert intent.last_payment_error.payment_method.card.last4 == "4242"


class TestCheckoutSession:
    @pytest.mark.parametrize("payment_status", ["paid", "unpaid"])
    def test_is_complete_whether_paid_or_not(self, sale, payment_status):
        session = typed(checkout_session_completed(sale, payment_status=payment_status))

        assert (session.status, session.payment_status) == ("complete", payment_status)
        assert session.client_reference_id == "R-1001"
        assert (session.amount_total, session.currency) == (1995, "usd")
        assert session.payment_intent == sale.payment_intent

    def test_stays_unpaid_when_the_bank_will_not_pay(self, sale):
        assert typed(checkout_session_async_payment_failed(sale)).payment_status == "unpaid"

    def test_has_no_payment_when_it_expired(self, sale):
        session = typed(checkout_session_expired(sale))

        assert (session.status, session.payment_intent) == ("expired", None)


class TestRefund:
    def test_adds_up_on_the_charge(self, sale):
        partly = charge_refunded(sale, amount=500, number=1)
        wholly = charge_refunded(sale, refunded_before=500, number=2)

        assert (typed(partly).amount_refunded, typed(partly).refunded) == (500, False)
        assert (typed(wholly).amount_refunded, typed(wholly).refunded) == (1995, True)
        assert wholly["data"]["previous_attributes"] == {"amount_refunded": 500, "refunded": False}

    def test_is_listed_on_the_charge_in_the_old_version_only(self, sale):
        old, new = (typed(charge_refunded(sale, api_version=version)) for version in (WITH_CHARGES, CURRENT))

        assert old.refunds.data[0].amount == 1995
        assert "refunds" not in new

    def test_keeps_its_id_through_its_life(self, sale):
        life = [refund_created(sale, status="pending"), refund_updated(sale), refund_failed(sale)]

        assert len({typed(event).id for event in life}) == 1
        assert [typed(event).status for event in life] == ["pending", "succeeded", "failed"]
        assert typed(life[-1]).failure_reason == "lost_or_stolen_card"

    def test_cannot_be_more_than_was_paid(self, sale):
        with pytest.raises(RefundTooLarge):
            charge_refunded(sale, amount=1500, refunded_before=500)


class TestDispute:
    @pytest.mark.parametrize("status", ["won", "lost"])
    def test_is_decided(self, sale, status):
        dispute = typed(charge_dispute_closed(sale, status=status))

        assert (dispute.status, dispute.charge, dispute.amount) == (status, sale.charge, 1995)


class TestCurrentVersion:
    def test_is_the_one_the_installed_library_speaks(self):
        assert stripe._api_version._ApiVersion.CURRENT == CURRENT, (
            "The stripe package was upgraded. Read its changelog, then set CURRENT in devtools/stripe_sender/api_version.py."
        )
