import json
import time
from unittest import mock

from django.conf import settings
from django.db import OperationalError, connection
from django.test import TestCase

from devtools.stripe_sender import events, sign
from orders.testing import make_order
from payments import rejections
from payments.models import RejectedDelivery
from payments.rejections import Tally
from payments.testing import deliver, post, sale_of
from payments.webhook import LARGEST_BODY

Kind = RejectedDelivery.Kind
LATELY = 900


class TestRejections(TestCase):
    def setUp(self):
        self.tally = Tally(written_every_seconds=0)
        self.enterContext(mock.patch.object(rejections, "tally", self.tally))
        self.event = events.payment_intent_succeeded(sale_of(make_order(paid=False)))

    def test_are_counted_by_their_reason(self):
        rubbish = json.dumps({"id": 1}).encode()

        deliver(self.event, secret="whsec_forged")
        post(b"{}", "rubbish")
        deliver(self.event, at=int(time.time()) - 400)
        deliver(self.event, at=int(time.time()) + 400)
        post(rubbish, sign(rubbish, secret=settings.STRIPE_WEBHOOK_SECRETS[0]))
        post(b" " * (LARGEST_BODY + 1), "any")

        self.assertEqual(
            rejections.lately(within_seconds=LATELY),
            {Kind.BAD_SIGNATURE: 2, Kind.WRONG_TIME: 2, Kind.NO_EVENT: 1, Kind.TOO_LARGE: 1},
        )

    def test_are_none_where_everything_was_taken(self):
        deliver(self.event)

        self.assertEqual(RejectedDelivery.objects.count(), 0)

    def test_look_the_same_to_a_forger_whatever_the_reason(self):
        self.assertEqual(deliver(self.event, secret="whsec_forged"), deliver(self.event, at=1))

    def test_cost_one_statement_in_five_seconds_however_many_they_are(self):
        tally = Tally()

        with self.assertNumQueries(3):  # a savepoint, the statement, the end of the savepoint
            for _ in range(1_000):
                tally.add(Kind.BAD_SIGNATURE)

    def test_that_were_not_written_yet_are_written_with_the_next(self):
        tally = Tally(written_every_seconds=3_600)
        for _ in range(5):
            tally.add(Kind.BAD_SIGNATURE)
        tally._not_before = 0

        tally.add(Kind.BAD_SIGNATURE)

        self.assertEqual(rejections.lately(within_seconds=LATELY), {Kind.BAD_SIGNATURE: 6})

    def test_are_answered_and_kept_while_the_database_is_away(self):
        def away(*_arguments):
            raise OperationalError("the database is away")

        with connection.execute_wrapper(away):
            statuses = [deliver(self.event, secret="whsec_forged") for _ in range(3)]
        deliver(self.event, secret="whsec_forged")

        self.assertEqual(statuses, [400] * 3)
        self.assertEqual(rejections.lately(within_seconds=LATELY), {Kind.BAD_SIGNATURE: 4})

    def test_are_forgotten_after_a_week(self):
        RejectedDelivery.objects.create(minute="2026-01-01T00:00:00Z", kind=Kind.TOO_LARGE, count=1)
        deliver(self.event, secret="whsec_forged")

        rejections.forget_the_old()

        self.assertEqual(RejectedDelivery.objects.get().kind, Kind.BAD_SIGNATURE)
