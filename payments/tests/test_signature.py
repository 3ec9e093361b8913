import time

from django.conf import settings
from django.test import TestCase, override_settings

from devtools.stripe_sender import events, sign
from devtools.stripe_sender.sender import body_of
from orders.testing import make_order
from payments.models import StripeEvent
from payments.testing import deliver, post, sale_of

FIVE_MINUTES = 300


class TestSignature(TestCase):
    def setUp(self):
        self.event = events.payment_intent_succeeded(sale_of(make_order(paid=False)))
        self.body = body_of(self.event)
        self.secret = settings.STRIPE_WEBHOOK_SECRETS[0]

    def test_is_good_for_five_minutes_and_no_longer_either_way(self):
        now = int(time.time())
        ages = {
            -FIVE_MINUTES - 10: 400,
            -FIVE_MINUTES + 10: 200,
            FIVE_MINUTES - 10: 200,
            FIVE_MINUTES + 10: 400,
        }

        found = {age: deliver(self.event, at=now - age) for age in ages}

        self.assertEqual(found, ages)

    def test_of_any_of_our_secrets_is_good(self):
        with override_settings(STRIPE_WEBHOOK_SECRETS=["whsec_new", "whsec_old"]):
            statuses = [deliver(self.event, secret=s) for s in ("whsec_new", "whsec_old", "whsec_other")]

        self.assertEqual(statuses, [200, 200, 400])

    def test_that_is_missing_or_rubbish_is_refused(self):
        good = sign(self.body, secret=self.secret)
        for signature in (
            "",
            "t=",
            "rubbish",
            "t=1,v1=abc",
            good[:-1] + "x",
            good.replace("v1", "v0"),
            "t=x,v1=" + "0" * 64,
        ):
            with self.subTest(signature):
                self.assertEqual(post(self.body, signature), 400)

        self.assertEqual(StripeEvent.objects.count(), 0)

    def test_covers_every_byte_of_the_body(self):
        signature = sign(self.body, secret=self.secret)

        self.assertEqual(post(self.body.replace(b"payment_intent", b"payment_intenT", 1), signature), 400)

    def test_under_something_that_is_no_event_is_refused(self):
        for body in (b"", b"no json", b"\xff\xfe\x00", b"[]", b"7", b"{}", b'{"id":"evt_1","type":"x"}',
                     b'{"id":1,"type":"x","created":1,"data":{"object":{}}}',
                     b'{"id":"evt_1","type":"x","created":1e400,"data":{"object":{}}}',
                     b'{"id":"evt_1","type":"x","created":99999999999999,"data":{"object":{}}}',
                     b'{"id":"evt\\u0000","type":"x","created":1,"data":{"object":{}}}'):  # fmt: skip
            with self.subTest(body):
                self.assertEqual(post(body, sign(body, secret=self.secret)), 400)

    def test_under_a_payment_without_its_facts_is_refused_and_nothing_is_kept(self):
        for missing in ("id", "amount_received", "currency"):
            event = events.payment_intent_succeeded(sale_of(make_order(paid=False)))
            del event["data"]["object"][missing]
            with self.subTest(missing):
                self.assertEqual(deliver(event), 400)

        self.assertEqual(StripeEvent.objects.count(), 0)
