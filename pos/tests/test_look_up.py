"""
Finding at the till what an earlier attempt may have left there.
"""

from datetime import timedelta
from unittest import mock

from django.db.models.functions import Now

from devtools.till import Mode
from orders.models import Order
from orders.testing import make_order, make_restaurant
from pipeline.steps import Attempt
from pos import look_up
from pos.answer_table import TillRefusedOrder
from pos.answers import AlreadyAtTill
from pos.client import AnswerLost
from pos.models import Ticket
from pos.tests.tills import TillTestCase, make_older
from pos.tickets import tickets

ORDERS, PAYMENTS, SEARCH = "/v2/orders", "/v2/payments", "/v2/orders/search"


class LookUpTestCase(TillTestCase):
    def loses_the_answer(self, order, *, path=ORDERS) -> None:
        self.till.break_down(Mode.FAIL_AFTER_EFFECT, times=1, path=path)
        with self.assertRaises(AnswerLost):
            self.send(order)

    def assert_rung_up_once(self, report) -> None:
        (ticket,) = self.till.orders()
        self.assertEqual((ticket.id, ticket.paid), (report["pos_order_id"], True))
        self.assertEqual(self.till.counts().payments, 1)


class TestATicketThatWasLost(LookUpTestCase):
    """
    As in a database restored from a backup that was made between the payment and the ticket.
    """

    def test_is_found_at_the_till_before_another_is_sent(self):
        order = make_order()
        self.send(order)
        self.forget_keys()
        make_older(order, hours=25)
        Ticket.objects.all().delete()
        Order.objects.filter(pk=order.pk).update(paid_at=Now() - timedelta(hours=25))

        report = tickets(order_ids=[order.pk])[order.pk].send(
            Attempt(subject_id=order.pk, order_id=order.pk, number=1, outcome_unknown=True)
        )

        self.assert_rung_up_once(report)


class TestATicketOlderThanADay(LookUpTestCase):
    def test_is_paid_on_the_order_that_an_earlier_attempt_left(self):
        order = make_order()
        self.loses_the_answer(order)
        self.forget_keys()
        make_older(order, hours=25)

        report = self.send(order, number=2, outcome_unknown=True)

        self.assert_rung_up_once(report)
        self.assertEqual(self.requests_for(ORDERS), 1)

    def test_is_not_paid_again(self):
        order = make_order(tip_minor=250)
        self.loses_the_answer(order, path=PAYMENTS)
        self.forget_keys()
        make_older(order, hours=25)

        report = self.send(order, number=2, outcome_unknown=True)

        self.assert_rung_up_once(report)
        self.assertEqual(report["pos_payment_id"], self.at_till(report)["tenders"][0]["payment_id"])
        self.assertEqual(self.requests_for(PAYMENTS), 1)

    def test_is_looked_up_even_when_no_outcome_is_unknown(self):
        order = make_order()
        self.till.break_down(Mode.REFUSE, times=1, path=PAYMENTS)
        with self.assertRaises(Exception):  # noqa: B017 - how it fails is another test's matter
            self.send(order)
        self.forget_keys()
        make_older(order, hours=700)

        self.assert_rung_up_once(self.send(order, number=2))

    def test_is_sent_when_the_till_has_not_got_it(self):
        order = make_order()
        self.till.break_down(Mode.FAIL_BEFORE_EFFECT, times=1)
        with self.assertRaises(AnswerLost):
            self.send(order)
        make_older(order, hours=25)

        self.assert_rung_up_once(self.send(order, number=2, outcome_unknown=True))
        self.assertEqual(self.requests_for(SEARCH), 1)

    def test_is_found_on_a_later_page(self):
        restaurant = make_restaurant()
        orders = [make_order(restaurant=restaurant) for _ in range(5)]
        reports = [self.send(order) for order in orders]
        make_older(orders[4], hours=25)

        with mock.patch.object(look_up, "ORDERS_PER_PAGE", 2):
            again = self.send(orders[4], number=2, outcome_unknown=True)

        self.assertEqual(again, reports[4])
        self.assertEqual((self.requests_for(SEARCH), self.till.counts().orders), (3, 5))

    def test_is_not_mistaken_for_that_of_another_order(self):
        restaurant = make_restaurant()
        other = self.send(make_order(restaurant=restaurant))
        order = make_order(restaurant=restaurant)
        self.till.break_down(Mode.FAIL_BEFORE_EFFECT, times=1)
        with self.assertRaises(AnswerLost):
            self.send(order)
        make_older(order, hours=25)

        report = self.send(order, number=2, outcome_unknown=True)

        self.assertNotEqual(report["pos_order_id"], other["pos_order_id"])

    def test_of_a_fresh_order_is_never_searched_for(self):
        order = make_order()
        self.loses_the_answer(order)

        self.send(order, number=2, outcome_unknown=True)

        self.assertEqual(self.requests_for(SEARCH), 0)


class TestATillThatSaysItHasItAlready(LookUpTestCase):
    def test_about_the_order_is_believed_when_the_order_is_there(self):
        order = make_order()
        self.loses_the_answer(order)
        order.ticket.order_body["order"]["ticket_name"] = (
            "changed"  # so the key is refused: IDEMPOTENCY_KEY_REUSED
        )
        order.ticket.save()

        self.assert_rung_up_once(self.send(order, number=2, outcome_unknown=True))

    def test_about_the_payment_is_believed_when_the_order_is_paid(self):
        order = make_order()
        self.loses_the_answer(order, path=PAYMENTS)
        order.ticket.payment_body["idempotency_key"] = "forgotten"  # so the till says: already paid
        order.ticket.save()

        self.assert_rung_up_once(self.send(order, number=2, outcome_unknown=True))

    def test_is_not_believed_when_it_is_not_there(self):
        first, second = make_order(), make_order()
        self.send(first)
        self.till.break_down(Mode.FAIL_BEFORE_EFFECT, times=1)
        with self.assertRaises(AnswerLost):
            self.send(second)
        second.ticket.order_body["idempotency_key"] = first.ticket.order_body["idempotency_key"]
        second.ticket.save()

        with self.assertRaisesMessage(AlreadyAtTill, "IDEMPOTENCY_KEY_REUSED"):
            self.send(second, number=2, outcome_unknown=True)

    def test_anything_else_is_refused(self):
        order = make_order()
        self.loses_the_answer(order)
        order.ticket.order_body["order"]["colour"] = "red"
        order.ticket.save()

        with self.assertRaisesMessage(TillRefusedOrder, "UNKNOWN_BODY_PARAMETER"):
            self.send(order, number=2, outcome_unknown=True)
