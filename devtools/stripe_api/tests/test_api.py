"""
The stand-in as the official `stripe` library sees it.
"""

import pytest
import requests
import stripe

from devtools.stripe_api import ControlRefusedError, running_stripe_api
from devtools.stripe_api.tests.conftest import NOW, calling, sale
from devtools.stripe_sender import events

DAY = 24 * 60 * 60


class TestObject:
    def test_is_what_its_event_told(self, api, caller):
        one = sale()
        api.happened(
            events.payment_intent_succeeded(one),
            events.charge_succeeded(one),
            events.checkout_session_completed(one),
            events.refund_created(one),
            events.charge_dispute_created(one),
        )

        intent = caller.payment_intents.retrieve(one.payment_intent)
        charge = caller.charges.retrieve(one.charge)

        assert (intent.status, intent.amount_received, intent.latest_charge) == (
            "succeeded",
            1995,
            one.charge,
        )
        assert (charge.status, charge.payment_intent) == ("succeeded", one.payment_intent)
        assert caller.checkout.sessions.list().data[0].payment_intent == one.payment_intent
        assert caller.refunds.list(params={"charge": one.charge}).data[0].amount == 1995
        assert caller.disputes.list().data[0].charge == one.charge

    def test_is_as_it_was_told_last(self, api, caller):
        one = sale()
        api.happened(events.payment_intent_created(one), events.payment_intent_succeeded(one))

        assert caller.payment_intents.retrieve(one.payment_intent).status == "succeeded"
        assert api.count("payment_intent") == 1

    def test_that_is_not_there_is_refused_as_stripe_does(self, caller):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            caller.payment_intents.retrieve("pi_nobody")

        assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
        assert "No such payment_intent: 'pi_nobody'" in str(refused.value)

    def test_of_the_other_mode_or_another_account_is_not_seen(self, api, caller):
        api.happened(events.payment_intent_succeeded(sale(1, livemode=True)))
        api.happened(events.payment_intent_succeeded(sale(2, account="acct_other")))

        connected = caller.payment_intents.list(options={"stripe_account": "acct_other"})

        assert caller.payment_intents.list().data == []
        assert [intent.metadata["order_id"] for intent in connected.data] == ["R-2"]

    def test_names_its_charge_in_full_where_that_is_asked_for(self, api, caller):
        one = sale()
        api.happened(events.charge_succeeded(one), events.payment_intent_succeeded(one))

        [intent] = caller.payment_intents.list(params={"expand": ["data.latest_charge"]}).data

        assert intent.latest_charge.payment_method_details.card.last4 == "4242"


class TestList:
    def test_is_turned_page_by_page_newest_first(self, api, caller):
        api.happened(*(events.payment_intent_succeeded(sale(number)) for number in range(250)))

        pages = caller.payment_intents.list(params={"limit": 100})
        listed = [intent.metadata["order_id"] for intent in pages.auto_paging_iter()]

        assert listed == [f"R-{number}" for number in reversed(range(250))]
        assert [len(request["asked"]) for request in api.requests()] == [1, 2, 2]

    def test_is_turned_backwards_too(self, api, caller):
        api.happened(*(events.payment_intent_succeeded(sale(number)) for number in range(30)))
        oldest = sale(0).payment_intent

        pages = caller.payment_intents.list(params={"limit": 10, "ending_before": oldest})
        listed = [intent.metadata["order_id"] for intent in pages.auto_paging_iter()]

        assert listed == [f"R-{number}" for number in range(1, 30)]

    def test_has_ten_lines_unless_told_otherwise_and_a_hundred_at_most(self, api, caller):
        api.happened(*(events.payment_intent_succeeded(sale(number)) for number in range(11)))

        assert len(caller.payment_intents.list().data) == 10
        for limit in (0, 101):
            with pytest.raises(stripe.InvalidRequestError):
                caller.payment_intents.list(params={"limit": limit})

    def test_is_of_the_window_that_is_asked_for(self, api, caller):
        api.happened(*(events.payment_intent_succeeded(sale(number)) for number in range(10)))
        begin = sale(3).created

        window = caller.payment_intents.list(params={"created": {"gte": begin, "lt": begin + 2}})

        assert [intent.metadata["order_id"] for intent in window.data] == ["R-4", "R-3"]

    @pytest.mark.parametrize(
        "asked",
        [
            {"color": "red"},
            {"limit": "many"},
            {"starting_after": "pi_nobody"},
            {"starting_after": "pi_1", "ending_before": "pi_2"},
            {"created[gte]": "yesterday"},
            {"delivery_success": "true"},
        ],
    )
    def test_refuses_what_stripe_refuses(self, api, asked):
        answer = requests.get(f"{api.url}/v1/payment_intents", params=asked, auth=(api.key, ""), timeout=5)

        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"


class TestEvents:
    def test_are_listed_by_type_and_by_whether_they_were_delivered(self, api, caller):
        missed, came = sale(1), sale(2)
        api.happened(events.payment_intent_succeeded(missed), events.payment_intent_created(missed))
        api.happened(events.payment_intent_succeeded(came), delivered=True)

        of_type = caller.events.list(params={"types": ["payment_intent.succeeded", "refund.created"]})
        undelivered = caller.events.list(params={"type": "payment_intent.*", "delivery_success": False})

        assert len(of_type.data) == 2
        assert {event.data.object["metadata"]["order_id"] for event in undelivered.data} == {"R-1"}
        assert len(undelivered.data) == 2

    def test_agree_with_what_the_webhook_was_sent(self, api, caller):
        event = events.payment_intent_succeeded(sale())
        api.happened(event)

        [listed] = caller.events.list().data

        assert listed.to_dict() == event

    def test_are_forgotten_after_thirty_days_and_their_objects_are_not(self, api, caller):
        old = sale(1, created=NOW - 31 * DAY)
        api.happened(events.payment_intent_succeeded(old))

        assert caller.events.list().data == []
        assert len(caller.payment_intents.list().data) == 1


class TestKey:
    def test_that_is_wrong_or_missing_is_refused(self, api):
        with pytest.raises(stripe.AuthenticationError) as refused:
            calling(api, key="sk_test_of_somebody_else").events.list()

        assert refused.value.http_status == 401
        assert "somebody_else" not in str(refused.value)
        assert requests.get(f"{api.url}/v1/events", timeout=5).status_code == 401

    def test_says_which_mode_is_seen(self, tmp_path):
        with running_stripe_api(home=tmp_path, key="sk_live_1") as live:
            live.happened(events.payment_intent_succeeded(sale(1, livemode=True)))

            assert len(calling(live).payment_intents.list().data) == 1


class TestFault:
    def test_of_too_many_requests_tells_how_long_to_wait(self, api, caller):
        api.break_down("rate_limited", times=1, seconds=7)

        with pytest.raises(stripe.RateLimitError) as refused:
            caller.events.list()

        assert refused.value.headers["Retry-After"] == "7"
        assert caller.events.list().data == []

    @pytest.mark.parametrize("how", [{"mode": "server_error", "status": 503}, {"mode": "html"}])
    def test_of_the_server_is_an_error_of_the_api(self, api, caller, how):
        api.break_down(**how)

        with pytest.raises(stripe.APIError):
            caller.events.list()

    def test_of_the_line_is_an_error_of_the_connection(self, api, caller):
        api.break_down("hang_up", path="/v1/events")

        with pytest.raises(stripe.APIConnectionError):
            caller.events.list()
        assert caller.refunds.list().data == []

    def test_of_slowness_answers_in_the_end(self, api, caller):
        api.break_down("slow", seconds=0.2, after=1, times=1)

        assert caller.events.list().data == caller.events.list().data == []

    def test_that_does_not_exist_is_refused(self, api):
        with pytest.raises(ControlRefusedError, match="is no fault"):
            api.break_down("explode")
