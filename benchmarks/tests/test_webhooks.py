"""
Each webhook of the comparison does what its mode says: an order that is not paid would be measured, too.
"""

import json

import redis
from django.conf import settings
from django.test import TestCase, override_settings

from benchmarks import pizzeria
from benchmarks.webhook import peer
from benchmarks.webhook.modes import OTHERS, OURS, SIX
from devtools.stripe_sender import events, sign
from orders.models import OrderStatus
from pipeline.models import StepRun


@override_settings(ROOT_URLCONF="benchmarks.webhook.urls")
class TestWebhook(TestCase):
    def setUp(self):
        [self.order] = pizzeria.place(pizzeria.open_restaurant(), 1)
        self.addCleanup(self.forget_messages)

    def forget_messages(self):
        with peer.app.connection_for_write() as line:
            line.default_channel.client.delete(*self.messages(line) or ["none"])

    def messages(self, line) -> list[bytes]:
        return list(line.default_channel.client.keys("peer*"))

    def waiting(self) -> int:
        with peer.app.connection_for_write() as line:
            client: redis.Redis = line.default_channel.client
            return sum(client.llen(name) for name in self.messages(line))

    def pay(self, path: str) -> int:
        body = json.dumps(events.payment_intent_succeeded(pizzeria.sale(self.order))).encode()
        signature = sign(body, secret=settings.STRIPE_WEBHOOK_SECRETS[0])
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(
                path, body, content_type="application/json", headers={"Stripe-Signature": signature}
            ).status_code

    def test_of_each_mode_leaves_behind_what_the_mode_says(self):
        for mode in (OURS, SIX, *OTHERS):
            with self.subTest(mode=mode.name):
                [self.order] = pizzeria.place(self.order.restaurant, 1)
                self.forget_messages()

                self.assertEqual(self.pay(mode.path), 200)

                self.order.refresh_from_db()
                self.assertEqual(self.order.status == OrderStatus.PAID, mode.pays)
                self.assertEqual(self.waiting(), mode.messages)
                self.assertEqual(StepRun.objects.filter(order_id=self.order.pk).count(), mode.promises)

    def test_of_the_others_refuses_what_is_not_signed(self):
        for mode in (SIX, *OTHERS):
            answer = self.client.post(
                mode.path, b"{}", content_type="application/json", headers={"Stripe-Signature": "t=1,v1=0"}
            )
            self.assertEqual(answer.status_code, 400)
