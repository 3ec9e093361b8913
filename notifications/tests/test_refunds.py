"""
What a guest hears of a refund: that money goes back, or that it did not arrive.
"""

from django.core import mail
from django.test import TestCase, override_settings

from notifications import refunds
from notifications.failures import (
    LetterOnHold,
    MailAnswerLost,
    NotAnAddress,
    RefundMissing,
    RefundNotFailed,
)
from notifications.tests.posting import AGAIN_IN_DOUBT, FIRST, WithMailbox
from notifications.tests.refunded import know_the_card, post, read, rows
from orders.models import Customer, Order, RefundStatus
from orders.testing import make_order, make_refund, make_restaurant


class RefundLetter(WithMailbox, TestCase):
    def test_reaches_the_guest_under_a_reference_of_its_own(self):
        refund = make_refund(make_order(number="17"))

        report = post(refund)

        (letter,) = self.mailbox.messages()
        reference = f"order-{refund.order.public_id}.refund-{refund.stripe_id}"
        self.assertEqual(report, {"sent": True, "message_id": f"<{reference}@orders.example>"})
        self.assertEqual(
            (letter.message_id, letter.recipients), (report["message_id"], ("guest@example.com",))
        )
        self.assertEqual(letter.subject, "Your refund: Trattoria Roma, order 17")
        self.assertIn("Reply-To: ciao@trattoria.example", letter.raw.decode())
        self.assertIn("$53.50", letter.text)
        self.assertIn("$53.50", letter.html)

    def test_is_another_one_for_each_refund_and_for_its_failure(self):
        order = make_order()
        first, second = (
            make_refund(order, minor=100),
            make_refund(order, status=RefundStatus.FAILED, minor=200),
        )

        post(first)
        post(second, pack=refunds.failure_notices)

        letters = self.mailbox.messages()
        self.assertEqual(len({letter.message_id for letter in letters}), 2)
        self.assertIn(f".refund-failed-{second.stripe_id}@", letters[-1].message_id + letters[0].message_id)

    def test_touches_no_database_while_it_is_sent(self):
        refund = make_refund(make_order())
        parcel = refunds.notices(refund_ids=[refund.pk])[refund.pk]

        with self.assertNumQueries(0):
            parcel.send(FIRST)

        self.assertEqual(self.mailbox.counts().messages, 1)
        for private in ("guest@example.com", "Ada"):
            self.assertNotIn(private, repr(parcel))

    def test_goes_out_again_under_the_same_reference_where_its_outcome_is_unknown(self):
        refund = make_refund(make_order())
        self.mailbox.break_down("drop", phase="after_data", times=1)
        with self.assertRaises(MailAnswerLost):
            post(refund)

        post(refund, AGAIN_IN_DOUBT)

        counts = self.mailbox.counts()
        self.assertEqual((counts.messages, counts.distinct_message_ids), (2, 1))

    @override_settings(EMAIL_UNKNOWN_OUTCOME="hold")
    def test_waits_for_a_person_where_unknown_outcomes_are_held(self):
        refund = make_refund(make_order())
        failed = make_refund(make_order(), status=RefundStatus.FAILED)

        with self.assertRaises(LetterOnHold):
            post(refund, AGAIN_IN_DOUBT)
        with self.assertRaises(LetterOnHold):
            post(failed, AGAIN_IN_DOUBT, pack=refunds.failure_notices)

        self.assertEqual(self.mailbox.counts().messages, 0)

    def test_is_nobodys_where_the_guest_left_no_address(self):
        nameless = make_order()
        Order.objects.filter(pk=nameless.pk).update(customer=None)
        for order in (make_order(customer_email=""), nameless):
            for status, pack in (
                (RefundStatus.SUCCEEDED, refunds.notices),
                (RefundStatus.FAILED, refunds.failure_notices),
            ):
                report = post(make_refund(order, status=status, minor=100), pack=pack)

                self.assertEqual(report, {"sent": False, "because": "the guest left no address"})

    def test_is_buried_where_the_address_is_none(self):
        order = make_order()
        Customer.objects.filter(pk=order.customer_id).update(email="not an address")

        with self.assertRaises(NotAnAddress) as failed:
            post(make_refund(order))

        self.assertNotIn("not an address", str(failed.exception))


class FailedRefund(TestCase):
    def test_is_told_with_the_promise_to_be_in_touch(self):
        order = make_order(number="17", customer_name="Ada Lovelace")
        know_the_card(order)

        refund = make_refund(order, status=RefundStatus.FAILED, minor=1000)
        text, page, subject = read(refund, pack=refunds.failure_notices)

        self.assertEqual(subject, "Your refund did not work: Trattoria Roma, order 17")
        for shown in (
            "$10.00",
            "Visa •••• 4242",
            "17",
            "Ada",
            "we will be in touch",
            "ciao@trattoria.example",
        ):
            self.assertIn(shown, text)
            self.assertIn(shown, page)
        self.assertIn("Returned Mon 1 Jun 2026, 14:00 CEST (UTC+02:00)", rows(text))

    def test_is_not_announced_any_more(self):
        report = post(make_refund(make_order(), status=RefundStatus.FAILED))

        self.assertEqual(report, {"sent": False, "because": "the refund did not work"})
        self.assertEqual(mail.outbox, [])

    def test_has_to_have_failed(self):
        refund = make_refund(make_order(), status=RefundStatus.PENDING)

        with self.assertRaisesMessage(RefundNotFailed, f"Refund {refund.pk} has not failed."):
            refunds.failure_notices(refund_ids=[refund.pk])


class BatchOfRefunds(TestCase):
    def test_takes_as_many_queries_for_twenty_refunds_as_for_one(self):
        for status, pack in (
            (RefundStatus.SUCCEEDED, refunds.notices),
            (RefundStatus.FAILED, refunds.failure_notices),
        ):
            restaurants = [make_restaurant() for _ in range(3)]
            orders = [make_order(restaurant=restaurants[i % 3]) for i in range(20)]
            know_the_card(*orders)
            made = [make_refund(order, status=status) for order in orders]

            for batch in (made[:1], made):
                with self.assertNumQueries(2):
                    parcels = pack(refund_ids=[refund.pk for refund in batch])

                self.assertEqual(list(parcels), [refund.pk for refund in batch])

            for refund in made:
                parcels[refund.pk].send(FIRST)
                self.assertIn(refund.order.number, mail.outbox[-1].subject)
                self.assertIn("Visa •••• 4242", mail.outbox[-1].body)

    def test_raises_for_a_refund_that_is_missing(self):
        for pack in (refunds.notices, refunds.failure_notices):
            with self.assertRaisesMessage(RefundMissing, "There is no refund 987654."):
                pack(refund_ids=[987654])
