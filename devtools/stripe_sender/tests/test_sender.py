import json
import socket
import threading

import pytest
import stripe

from devtools.stripe_sender import DeliveryPlan, Sale, Sender, make_plan
from devtools.stripe_sender.__main__ import main
from devtools.stripe_sender.backoff import Backoff
from devtools.stripe_sender.delivery_plan import PlannedDelivery
from devtools.stripe_sender.events import payment_intent_succeeded

SECRET = "whsec_right"
HURRIED = Backoff(first_wait_seconds=0.005, longest_wait_seconds=0.02)


@pytest.fixture
def sender(endpoint):
    with Sender(endpoint.url, secrets=[SECRET]) as sender:
        yield sender


@pytest.fixture
def event(sale):
    return payment_intent_succeeded(sale)


def many_events(count):
    sales = (Sale.of(order_reference=f"Größe {order}", amount=100, currency="usd") for order in range(count))
    return [payment_intent_succeeded(sale) for sale in sales]


class TestSend:
    def test_posts_what_stripes_own_library_accepts(self, sender, endpoint, event):
        delivery = sender.send(event)

        (body,), (headers,) = endpoint.bodies, endpoint.headers
        assert stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET).id == event["id"]
        assert headers["Content-Type"] == "application/json; charset=utf-8"
        assert (delivery.status, delivery.accepted, delivery.error) == (200, True, None)
        assert (delivery.event_id, delivery.type) == (event["id"], "payment_intent.succeeded")

    def test_signs_with_every_secret_unless_given_one(self, endpoint, event):
        with Sender(endpoint.url, secrets=["whsec_old", "whsec_new"]) as sender:
            sender.send(event)
            sender.send(event, secret="whsec_other", at=1_790_000_000)

        both, other = (headers["Stripe-Signature"] for headers in endpoint.headers)
        assert both.count("v1=") == 2
        assert other.count("v1=") == 1
        assert other.startswith("t=1790000000,")

    def test_can_post_other_bytes_signed_all_the_same(self, sender, endpoint, event):
        sender.send(event, body=b"{ no json")

        header = endpoint.headers[0]["Stripe-Signature"]
        assert endpoint.bodies == [b"{ no json"]
        assert stripe.WebhookSignature.verify_header("{ no json", header, SECRET) is True

    @pytest.mark.parametrize("status", [302, 400, 500])
    def test_takes_anything_but_2xx_for_a_refusal(self, sender, endpoint, event, status):
        endpoint.answer = status

        delivery = sender.send(event)

        assert (delivery.status, delivery.accepted) == (status, False)
        assert len(endpoint.bodies) == 1

    def test_tells_when_nobody_answers(self, event):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            with Sender(url, secrets=[SECRET], timeout=0.05) as sender:
                delivery = sender.send(event)

        assert delivery.status is None
        assert delivery.error.startswith("ReadTimeout")

    def test_tells_when_nobody_listens(self, event):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            url = f"http://127.0.0.1:{gone.getsockname()[1]}/"

        delivery = Sender(url, secrets=[SECRET]).send(event)

        assert delivery.status is None
        assert delivery.error.startswith("ConnectionError")

    def test_keeps_its_connection_open(self, sender, endpoint, event):
        for _ in range(5):
            sender.send(event)

        assert len(endpoint.connections) == 1


class TestDeliver:
    def test_repeats_what_is_refused_until_it_is_accepted(self, sender, endpoint):
        endpoint.refusals_per_event = 3
        told = []

        summary = sender.deliver(make_plan(many_events(10)), on_delivery=told.append, backoff=HURRIED)

        assert (summary.events, summary.deliveries, summary.retries) == (10, 40, 30)
        assert (summary.duplicates, summary.failed, summary.failed_events) == (0, 0, ())
        assert len(told) == len(endpoint.bodies) == 40
        assert sum(delivery.accepted for delivery in told) == 10

    def test_gives_up_at_the_deadline(self, sender, endpoint, event):
        endpoint.answer = 500

        summary = sender.deliver(make_plan([event]), until_accepted=1.0, backoff=HURRIED)

        assert (summary.failed, summary.failed_events) == (1, (event["id"],))
        assert summary.retries >= 1

    def test_never_repeats_when_the_deadline_is_now(self, sender, endpoint, event):
        endpoint.answer = 500

        summary = sender.deliver(make_plan([event]), until_accepted=0)

        assert (summary.deliveries, summary.failed) == (1, 1)

    def test_posts_copies_at_the_same_instant(self, sender, endpoint, event):
        endpoint.wait_for = threading.Barrier(12)  # passes only if all twelve are there together

        plan = DeliveryPlan(deliveries=(PlannedDelivery(event=event, copies=12),))
        summary = sender.deliver(plan, concurrency=2, until_accepted=0)

        assert (summary.deliveries, summary.duplicates, summary.failed) == (12, 11, 0)

    def test_carries_out_a_wild_plan(self, sender, endpoint):
        wild = {"duplicates": 0.5, "at_once": 3, "shuffled": 20, "delayed": 0.3, "delay_seconds": 0.1}
        plan = make_plan(many_events(60), seed=3, **wild)

        summary = sender.deliver(plan, concurrency=8)

        ids = [json.loads(body)["id"] for body in endpoint.bodies]
        assert summary.failed == 0
        assert len(ids) == plan.copies == summary.events + summary.duplicates
        assert len(set(ids)) == 60

    def test_sets_out_in_the_order_of_the_plan(self, sender, endpoint):
        plan = make_plan(many_events(20), seed=3, shuffled=8)

        sender.deliver(plan, concurrency=1)

        arrived = [json.loads(body)["id"] for body in endpoint.bodies]
        assert arrived == [planned.event["id"] for planned in plan.deliveries]


class TestBackoff:
    @pytest.mark.parametrize(("attempt", "seconds"), [(2, 0.05), (3, 0.1), (4, 0.2), (8, 2.0), (5000, 2.0)])
    def test_doubles_up_to_the_longest(self, attempt, seconds):
        assert Backoff().seconds_before(attempt) == seconds


class TestCommandLine:
    def wish(self, endpoint, *more):
        return ["--url", endpoint.url, "--secret", SECRET, "--order", "R-7", "--amount", "1995", *more]

    def test_prints_one_line_per_delivery(self, endpoint, capsys):
        ended = main(self.wish(endpoint, "--times", "3"))

        lines = capsys.readouterr().out.splitlines()
        assert ended == 0
        assert len(lines) == 3
        assert all(line.startswith("payment_intent.succeeded evt_3") and " 200 " in line for line in lines)

    def test_sends_copies_at_once(self, endpoint, capsys):
        endpoint.wait_for = threading.Barrier(20)

        ended = main(self.wish(endpoint, "--times", "20", "--at-once", "--event", "charge.succeeded"))

        assert ended == 0
        assert len(capsys.readouterr().out.splitlines()) == 20

    def test_ends_with_1_when_it_was_refused(self, endpoint, capsys):
        endpoint.answer = 400

        ended = main(self.wish(endpoint))

        assert ended == 1
        assert " 400 " in capsys.readouterr().out

    def test_sends_the_old_version_when_asked(self, endpoint):
        main(self.wish(endpoint, "--api-version", "2022-08-01"))

        assert json.loads(endpoint.bodies[0])["data"]["object"]["charges"]["total_count"] == 1
