"""
The receipt on its way: to whom, how often, under which reference.
"""

from django.core import mail
from django.test import TestCase, override_settings

from notifications import receipts
from notifications.failures import LetterOnHold, MailAnswerLost, NotAnAddress, OrderMissing, OrderNotPaid
from notifications.tests.posting import AGAIN_IN_DOUBT, FIRST, WithMailbox
from orders.models import Charge, Customer, Order, Payment
from orders.testing import make_order, make_restaurant
from pipeline.failures import PermanentFailure
from pipeline.journal import without_secrets


class Receipt(WithMailbox, TestCase):
    def post(self, order, attempt=FIRST):
        return receipts.letters(order_ids=[order.pk])[order.pk].send(attempt)

    def test_reaches_the_guest(self):
        order = make_order(number="17")

        report = self.post(order)

        (letter,) = self.mailbox.messages()
        message_id = f"<order-{order.public_id}.confirmation@orders.example>"
        self.assertEqual(report, {"sent": True, "message_id": message_id})
        self.assertEqual(letter.recipients, ("guest@example.com",))
        self.assertEqual(letter.sender, "noreply@orders.example")
        self.assertEqual(letter.message_id, message_id)
        self.assertEqual(letter.subject, "Your receipt from Trattoria Roma: order 17")
        self.assertIn("$53.50", letter.text)
        self.assertIn("$53.50", letter.html)

    def test_says_who_writes_and_that_a_machine_does(self):
        order = make_order(restaurant=make_restaurant(name='Café "Ünique" <x@y.z>'))

        self.post(order)

        raw = self.mailbox.messages()[0].raw.decode()
        self.assertIn("From: =?utf-8?", raw)
        self.assertIn("<noreply@orders.example>", raw)
        self.assertIn("Reply-To: ciao@trattoria.example", raw)
        self.assertIn("Auto-Submitted: auto-generated", raw)
        self.assertIn(f"X-Entity-Ref-ID: order-{order.public_id}.confirmation", raw)

    def test_asks_for_no_reply_where_the_contact_is_no_address(self):
        self.post(make_order(restaurant=make_restaurant(contact="+39 06 1234 5678")))

        (letter,) = self.mailbox.messages()
        self.assertNotIn("Reply-To", letter.raw.decode())
        self.assertIn('href="tel:+390612345678"', letter.html)

    def test_touches_no_database_while_it_is_sent(self):
        order = make_order()
        parcel = receipts.letters(order_ids=[order.pk])[order.pk]

        with self.assertNumQueries(0):
            parcel.send(FIRST)

        self.assertEqual(self.mailbox.counts().messages, 1)

    def test_is_nobodys_where_the_guest_left_no_address(self):
        nameless = make_order()
        Order.objects.filter(pk=nameless.pk).update(customer=None)
        for order in (make_order(customer_email=""), nameless):
            report = self.post(order)

            self.assertEqual(report, {"sent": False, "because": "the guest left no address"})

    def test_is_buried_where_the_address_is_none(self):
        for address in ("not an address", "a@b.example\r\nBcc: c@d.example"):
            with self.subTest(address=address):
                order = make_order()
                Customer.objects.filter(pk=order.customer_id).update(email=address)

                with self.assertRaises(NotAnAddress) as failed:
                    self.post(order)

                self.assertIsInstance(failed.exception, PermanentFailure)
                self.assertNotIn(address, str(failed.exception))

    def test_goes_out_again_under_the_same_reference_where_its_outcome_is_unknown(self):
        order = make_order()
        self.mailbox.break_down("drop", phase="after_data", times=1)
        with self.assertRaises(MailAnswerLost):
            self.post(order)

        self.post(order, AGAIN_IN_DOUBT)

        counts = self.mailbox.counts()
        self.assertEqual((counts.messages, counts.distinct_message_ids), (2, 1))

    @override_settings(EMAIL_UNKNOWN_OUTCOME="hold")
    def test_waits_for_a_person_where_unknown_outcomes_are_held(self):
        order = make_order()

        with self.assertRaises(LetterOnHold) as held:
            self.post(order, AGAIN_IN_DOUBT)
        told = without_secrets(str(held.exception))
        self.assertIn(f"order-{str(order.public_id)[:8]}", told)
        self.assertTrue(told.endswith("revive it."))
        self.post(order, FIRST)

        self.assertEqual(self.mailbox.counts().messages, 1)

    def test_raises_for_orders_that_are_missing_or_unpaid(self):
        order = make_order(paid=False)

        with self.assertRaisesRegex(OrderMissing, "There is no order 987654"):
            receipts.letters(order_ids=[order.pk, 987654])
        with self.assertRaises(OrderNotPaid):
            receipts.letters(order_ids=[order.pk])


class BatchOfReceipts(TestCase):
    def test_takes_as_many_queries_for_twenty_orders_as_for_one(self):
        restaurants = [make_restaurant(tax_ppm=88_750) for _ in range(3)]
        orders = [make_order(restaurant=restaurants[i % 3]) for i in range(20)]
        for payment in Payment.objects.all():
            intent = payment.payment_intent
            Charge.objects.create(
                stripe_id=f"ch_{intent}", payment_intent=intent, card_brand="visa", card_last4="4242"
            )

        for batch in (orders[:1], orders):
            with self.assertNumQueries(4):
                parcels = receipts.letters(order_ids=[order.pk for order in batch])

            self.assertEqual(list(parcels), [order.pk for order in batch])

        for order in orders:
            parcels[order.pk].send(FIRST)
            self.assertIn(order.number, mail.outbox[-1].subject)
            self.assertIn("paid with Visa •••• 4242", mail.outbox[-1].body)


class Copy(WithMailbox, TestCase):
    def test_goes_to_the_given_address_each_time_as_a_letter_of_its_own(self):
        order = make_order()

        reports = [receipts.send_copy(order.pk, " test@example.com ") for _ in range(2)]

        letters = self.mailbox.messages(recipient="test@example.com")
        self.assertEqual(
            [letter.message_id for letter in letters], [report["message_id"] for report in reports]
        )
        self.assertEqual(self.mailbox.counts().distinct_message_ids, 2)
        self.assertTrue(letters[0].message_id.startswith(f"<order-{order.public_id}.confirmation.copy-"))
        self.assertEqual((reports[0]["sent"], reports[0]["to"]), (True, "t***@e***.com"))
        self.assertEqual(self.mailbox.messages(recipient="guest@example.com"), [])

    def test_is_refused_where_the_address_is_none(self):
        order = make_order()

        for address in ("", "nobody", "a@b.example, c@d.example", "a@b.example\nBcc: c@d.example"):
            with self.subTest(address=address), self.assertRaisesRegex(NotAnAddress, "Write one like"):
                receipts.send_copy(order.pk, address)

    def test_raises_for_orders_that_are_missing_or_unpaid(self):
        with self.assertRaises(OrderMissing):
            receipts.send_copy(987654, "test@example.com")
        with self.assertRaises(OrderNotPaid):
            receipts.send_copy(make_order(paid=False).pk, "test@example.com")
