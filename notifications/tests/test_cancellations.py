"""
What the kitchen hears of an order that was refunded.
"""
# ruff: noqa: RUF001 - a multiplication sign is meant

from datetime import UTC, datetime

from django.core import mail
from django.test import TestCase, override_settings

from notifications import cancellations
from notifications.failures import LetterOnHold, NotAnAddress, RefundMissing
from notifications.tests.posting import AGAIN_IN_DOUBT, FIRST, WithMailbox
from orders.models import OrderLine, RefundStatus, StaffRecipient
from orders.testing import make_order, make_refund, make_restaurant

EVENING = datetime(2026, 6, 1, 17, 5, tzinfo=UTC)  # 19:05 in Rome


def post(refund, attempt=FIRST):
    return cancellations.letters(refund_ids=[refund.pk])[refund.pk].send(attempt)


def read(refund):
    post(refund)
    letter = mail.outbox[-1]
    return letter.body, letter.alternatives[0].content


class CancellationLetter(WithMailbox, TestCase):
    def test_reaches_everybody_in_the_kitchen_at_once(self):
        order = make_order(
            restaurant=make_restaurant(staff=["anna@k.example", "bert@k.example"]), number="1012"
        )
        refund = make_refund(order)

        report = post(refund)

        (letter,) = self.mailbox.messages()
        message_id = f"<order-{order.public_id}.cancelled-{refund.stripe_id}@orders.example>"
        self.assertEqual(report, {"sent": True, "message_id": message_id, "recipients": 2})
        self.assertEqual(letter.recipients, ("anna@k.example", "bert@k.example"))
        self.assertEqual(
            (letter.message_id, letter.subject), (message_id, "CANCELLED: order 1012, do not cook it")
        )

    def test_counts_those_who_were_refused(self):
        self.mailbox.break_down("refuse_permanently", phase="rcpt", recipient="bert@*")
        restaurant = make_restaurant(staff=["anna@k.example", "bert@k.example", "no address"])

        report = post(make_refund(make_order(restaurant=restaurant)))

        self.assertEqual((report["recipients"], report["refused"]), (3, 2))

    def test_touches_no_database_while_it_is_sent(self):
        refund = make_refund(make_order())
        parcel = cancellations.letters(refund_ids=[refund.pk])[refund.pk]

        with self.assertNumQueries(0):
            parcel.send(FIRST)

        self.assertEqual(self.mailbox.counts().messages, 1)
        for private in ("kitchen@example.com", "Ada"):
            self.assertNotIn(private, repr(parcel))

    def test_is_sent_once_for_an_order_that_went_back_in_parts(self):
        order = make_order()
        parts = [make_refund(order, minor=1000), make_refund(order, minor=1000), make_refund(order)]

        reports = [post(refund) for refund in parts]

        self.assertEqual([report["sent"] for report in reports], [False, False, True])
        self.assertEqual(reports[0]["because"], "a later refund of this order tells them")
        self.assertEqual(self.mailbox.counts().messages, 1)

    def test_is_sent_though_a_later_refund_did_not_work(self):
        order = make_order()
        refund = make_refund(order)
        make_refund(order, status=RefundStatus.FAILED, minor=1)

        self.assertTrue(post(refund)["sent"])


class CancellationLetterContents(TestCase):
    def test_tell_what_not_to_cook(self):
        order = make_order(number="1012", customer_name="Ada Lovelace", wanted_at=EVENING)

        text, page = read(make_refund(order))

        self.assertTrue(
            text.startswith("*** CANCELLED ***\nOrder 1012 was cancelled and refunded.\nDo not cook it.")
        )
        self.assertIn("\nnot: 1 × Margherita, S\nnot: 2 × Margherita, L\n", text)
        self.assertEqual(page.count("line-through"), 2)
        for shown in ("CANCELLED", "1012", "Do not cook it. If you have begun, stop.", "19:05", "Pickup", "Ada", "Mon 1 Jun 2026, 14:00"):  # fmt: skip
            self.assertIn(shown, text)
            self.assertIn(shown, page)
        for secret in ("$", "53.50", "Lovelace", "guest@example.com"):
            self.assertNotIn(secret, text + page)

    def test_show_strange_texts_as_they_are(self):
        order = make_order()
        OrderLine.objects.filter(order=order).update(name="<b>{{ settings.SECRET_KEY }}</b>")

        text, page = read(make_refund(order))

        self.assertIn("<b>{{ settings.SECRET_KEY }}</b>", text)
        self.assertIn("&lt;b&gt;{{ settings.SECRET_KEY }}&lt;/b&gt;", page)

    def test_are_not_for_a_part_and_not_for_a_refund_that_failed(self):
        order = make_order()

        part = post(make_refund(order, minor=100))
        failed = post(make_refund(order, status=RefundStatus.FAILED, minor=100))

        self.assertEqual(part, {"sent": False, "because": "the order is refunded in part only"})
        self.assertEqual(failed, {"sent": False, "because": "the refund did not work"})
        self.assertEqual(mail.outbox, [])

    @override_settings(EMAIL_UNKNOWN_OUTCOME="hold")
    def test_wait_for_a_person_where_unknown_outcomes_are_held(self):
        with self.assertRaises(LetterOnHold):
            post(make_refund(make_order()), AGAIN_IN_DOUBT)

        self.assertEqual(mail.outbox, [])

    def test_are_nobodys_where_nobody_is_named(self):
        report = post(make_refund(make_order(restaurant=make_restaurant(staff=[]))))

        self.assertEqual(report, {"sent": False, "because": "the restaurant has named nobody of the staff"})

    def test_are_buried_where_no_address_is_one(self):
        with self.assertRaises(NotAnAddress):
            post(make_refund(make_order(restaurant=make_restaurant(staff=["kitchen"]))))


class BatchOfCancellations(TestCase):
    def test_takes_as_many_queries_for_twenty_refunds_as_for_one(self):
        restaurants = [make_restaurant(staff=[f"cook{n}@k.example"]) for n in range(3)]
        made = [make_refund(make_order(restaurant=restaurants[i % 3])) for i in range(20)]

        for batch in (made[:1], made):
            with self.assertNumQueries(3):
                parcels = cancellations.letters(refund_ids=[refund.pk for refund in batch])

        for refund in made:
            parcels[refund.pk].send(FIRST)
            cook = StaffRecipient.objects.get(restaurant=refund.order.restaurant)
            self.assertEqual(mail.outbox[-1].to, [cook.email])

    def test_raises_for_a_refund_that_is_missing(self):
        with self.assertRaises(RefundMissing):
            cancellations.letters(refund_ids=[987654])
