"""
A till in trouble: how each kind is told apart, and that a second attempt never rings up twice.
"""

from typing import Any
from unittest import mock

from django.test import override_settings

from devtools.till import Mode
from orders.testing import make_order, make_restaurant
from pipeline.failures import NotNow, UnknownOutcome
from pos import client
from pos.answer_table import TillBroken, TillBusy, TillNotAccessible, TillRefusedOrder
from pos.answers import Answer, AnswerUnreadable, understood
from pos.client import AnswerLost, OutOfTime, TillUnreachable
from pos.models import Ticket
from pos.parcels import TillCountsOtherwise, TillRefusedPayment
from pos.tests.tills import TillTestCase
from pos.tickets import tickets

ORDERS, PAYMENTS = "/v2/orders", "/v2/payments"


class TestTrouble(TillTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.object(client, "READ_SECONDS", 1))

    def fails_once(
        self, failure: type[Exception], mode: Mode, *, path: str = ORDERS, **how: Any
    ) -> Exception:
        """
        Send one order into the trouble, then again; the till must hold it once, and paid.
        """
        order = make_order(tip_minor=100)
        self.till.break_down(mode, times=1, path=path, **how)
        with self.assertRaises(failure) as caught:
            self.send(order)
        self.assertIs(type(caught.exception), failure)
        unknown = isinstance(caught.exception, UnknownOutcome)

        report = self.send(order, number=2, outcome_unknown=unknown)

        counts = self.till.counts()
        self.assertEqual((counts.orders, counts.payments), (1, 1))
        self.assertEqual(
            (self.till.orders()[0].id, self.till.orders()[0].paid), (report["pos_order_id"], True)
        )
        return caught.exception


class TestATillThatFails(TestTrouble):
    def test_after_it_has_kept_the_order(self):
        self.fails_once(AnswerLost, Mode.FAIL_AFTER_EFFECT)
        self.assertEqual(self.till.counts().duplicates_answered, 1)

    def test_after_it_has_kept_the_payment(self):
        self.fails_once(AnswerLost, Mode.FAIL_AFTER_EFFECT, path=PAYMENTS)
        self.assertEqual(self.till.counts().duplicates_answered, 2)

    def test_before_it_has_kept_anything(self):
        self.fails_once(AnswerLost, Mode.FAIL_BEFORE_EFFECT)

    def test_before_it_has_kept_the_payment(self):
        self.fails_once(AnswerLost, Mode.FAIL_BEFORE_EFFECT, path=PAYMENTS)

    def test_by_never_answering(self):
        self.fails_once(AnswerLost, Mode.HANG)

    def test_by_never_answering_though_it_has_kept_the_order(self):
        self.fails_once(AnswerLost, Mode.HANG, effect=True)

    def test_by_never_answering_though_it_has_kept_the_payment(self):
        self.fails_once(AnswerLost, Mode.HANG, effect=True, path=PAYMENTS)

    def test_with_a_server_error(self):
        for status in (500, 502, 503, 504):
            self.fails_once(TillBroken, Mode.SERVER_ERROR, status=status)
            self.setUp()

    def test_with_a_server_error_at_the_payment(self):
        self.fails_once(TillBroken, Mode.SERVER_ERROR, path=PAYMENTS)

    def test_with_a_page_of_html(self):
        self.fails_once(TillBroken, Mode.HTML, status=502)

    def test_with_a_page_of_html_that_says_all_is_well(self):
        self.fails_once(AnswerUnreadable, Mode.HTML, status=200)

    def test_with_a_timeout_of_its_own(self):
        self.fails_once(TillBroken, Mode.REFUSE, status=408)

    def test_with_a_conflict(self):
        self.fails_once(TillBroken, Mode.REFUSE, status=409)

    def test_by_taking_longer_than_one_order_may(self):
        with mock.patch.multiple(client, READ_SECONDS=60, LONGEST_VISIT_SECONDS=1):
            self.fails_once(AnswerLost, Mode.HANG)

    def test_by_leaving_no_time_for_another_request(self):
        with mock.patch.object(client, "LONGEST_VISIT_SECONDS", 0), self.assertRaises(OutOfTime):
            self.send(make_order())
        self.assertEqual(self.till.counts().requests, 0)


class TestATillThatSaysNotNow(TestTrouble):
    def test_is_asked_again_later_and_the_reason_tells_when(self):
        failure = self.fails_once(TillBusy, Mode.RATE_LIMITED, seconds=7)
        self.assertNotIsInstance(failure, UnknownOutcome)
        self.assertIn("It asks us to wait 7 seconds.", str(failure))

    def test_has_the_order_once_when_only_the_payment_was_too_much(self):
        self.fails_once(TillBusy, Mode.RATE_LIMITED, path=PAYMENTS)

    def test_costs_the_order_no_attempt(self):
        for answer in ({"status": 429}, {"status": 401}, {"status": 403}):
            with self.subTest(answer), self.assertRaises(NotNow) as caught:
                understood(Answer(content=b"", retry_after="7", **answer))
            self.assertEqual(caught.exception.seconds, 7)

    def test_names_the_setting_when_it_does_not_know_us(self):
        for status in (401, 403):
            failure = self.fails_once(TillNotAccessible, Mode.REFUSE, status=status)
            self.assertIsInstance(failure, NotNow)
            self.assertIn("Correct SQUARE_ACCESS_TOKEN.", str(failure))
            self.setUp()

    def test_names_the_setting_when_it_is_empty(self):
        with (
            override_settings(SQUARE_ACCESS_TOKEN=""),
            self.assertRaisesMessage(TillNotAccessible, "SQUARE_ACCESS_TOKEN"),
        ):
            self.send(make_order())

    def test_is_not_asked_with_a_broken_token_which_the_reason_does_not_repeat(self):
        for token in ("one\ntoo many", "for 5 € too many"):
            with override_settings(SQUARE_ACCESS_TOKEN=token), self.assertRaises(TillUnreachable) as caught:
                self.send(make_order())
            self.assertIn("SQUARE_ACCESS_TOKEN", str(caught.exception))
            self.assertNotIn("too many", str(caught.exception))

    def test_is_not_reached_where_nobody_listens_or_the_address_is_none(self):
        for address in ("http://127.0.0.1:1", "http://till.invalid", "till", "htp://till", "http://"):
            with override_settings(SQUARE_BASE_URL=address), self.assertRaises(TillUnreachable) as caught:
                self.send(make_order())
            self.assertNotIsInstance(caught.exception, UnknownOutcome)


class TestATillThatSaysNo(TestTrouble):
    def test_is_told_with_its_own_words(self):
        self.till.break_down(Mode.REFUSE, path=ORDERS)

        with self.assertRaisesMessage(
            TillRefusedOrder,
            "The till refused it. (400) INVALID_REQUEST_ERROR BAD_REQUEST: The till is broken",
        ):
            self.send(make_order())

    def test_to_the_payment_tells_that_the_order_is_there(self):
        self.till.break_down(Mode.REFUSE, path=PAYMENTS)

        with self.assertRaisesMessage(TillRefusedPayment, "but not its payment. The till refused it. (400)"):
            self.send(make_order())

    def test_to_a_location_it_does_not_know(self):
        with self.assertRaisesMessage(TillRefusedOrder, "INVALID_LOCATION: There is no such location."):
            self.send(make_order(restaurant=make_restaurant(pos_location="LNOWHERE")))

    def test_counts_otherwise_and_gets_no_payment(self):
        order = make_order()
        tickets(order_ids=[order.pk])
        ticket = Ticket.objects.get(order=order)
        ticket.payment_body["amount_money"]["amount"] = 5000
        ticket.save()

        with self.assertRaisesMessage(
            TillCountsOtherwise, "The till computes $53.50, the guest paid $50.00."
        ):
            self.send(order)
        self.assertEqual((self.till.counts().orders, self.till.counts().payments), (1, 0))
