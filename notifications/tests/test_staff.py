"""
What the kitchen hears of a paid order.
"""
# ruff: noqa: RUF001 - a multiplication sign is meant

from datetime import UTC, datetime

from django.core import mail
from django.test import TestCase, override_settings

from notifications import staff
from notifications.failures import LetterOnHold, NotAnAddress, OrderMissing
from notifications.tests.posting import AGAIN_IN_DOUBT, FIRST, WithMailbox
from orders.models import OrderLine, Restaurant, ServiceType, StaffRecipient
from orders.testing import make_order, make_restaurant
from pipeline.steps import Attempt

EVENING = datetime(2026, 6, 1, 17, 5, tzinfo=UTC)  # 19:05 in Rome
AGAIN = Attempt(subject_id=1, order_id=1, number=2)


def post(order, attempt=FIRST):
    return staff.letters(order_ids=[order.pk])[order.pk].send(attempt)


class StaffLetter(WithMailbox, TestCase):
    def test_reaches_everybody_in_the_kitchen_at_once(self):
        order = make_order(
            restaurant=make_restaurant(staff=["anna@k.example", "bert@k.example"]), number="17"
        )

        report = post(order)

        (letter,) = self.mailbox.messages()
        message_id = f"<order-{order.public_id}.staff@orders.example>"
        self.assertEqual(report, {"sent": True, "message_id": message_id, "recipients": 2})
        self.assertEqual(letter.recipients, ("anna@k.example", "bert@k.example"))
        self.assertEqual(
            (letter.message_id, letter.subject), (message_id, "Order 17: Pickup, as soon as possible")
        )

    def test_counts_those_who_were_refused(self):
        self.mailbox.break_down("refuse_permanently", phase="rcpt", recipient="bert@*")
        restaurant = make_restaurant(staff=["anna@k.example", "bert@k.example", "no address"])

        report = post(make_order(restaurant=restaurant))

        self.assertEqual((report["recipients"], report["refused"]), (3, 2))
        self.assertEqual(self.mailbox.messages()[0].recipients, ("anna@k.example",))

    def test_touches_no_database_while_it_is_sent(self):
        order = make_order()
        parcel = staff.letters(order_ids=[order.pk])[order.pk]

        with self.assertNumQueries(0):
            parcel.send(FIRST)

        self.assertEqual(self.mailbox.counts().messages, 1)


class StaffLetterContents(TestCase):
    def read(self, order, attempt=FIRST):
        post(order, attempt)
        letter = mail.outbox[-1]
        return letter.body, letter.alternatives[0].content, letter.subject

    def test_tell_what_to_cook_and_for_when(self):
        order = make_order(
            number="17",
            customer_name="Ada Lovelace",
            service_type=ServiceType.DINE_IN,
            table="5",
            note="birthday",
            wanted_at=EVENING,
        )

        text, page, subject = self.read(order)

        self.assertEqual(subject, "Order 17: Dine in, table 5, for 19:05")
        self.assertTrue(text.startswith("1 × Margherita, S\n2 × Margherita, L\n    !!! NOTE: no basil\n"))
        for shown in (
            "Mon 1 Jun 2026",
            "CEST",
            "19:05",
            "Dine in, table 5",
            "17",
            "Ada",
            "birthday",
            "no basil",
        ):
            self.assertIn(shown, text)
            self.assertIn(shown, page)

    def test_name_no_price_and_no_more_than_a_first_name(self):
        text, page, _ = self.read(make_order(customer_name="Ada\tLovelace", customer_email="ada@example.com"))

        for secret in ("$", "12.00", "20.75", "53.50", "Lovelace", "ada@example.com"):
            self.assertNotIn(secret, text + page)

    def test_say_as_soon_as_possible(self):
        text, page, _ = self.read(make_order())

        self.assertIn("as soon as possible", text)
        self.assertIn("as soon as possible", page)

    def test_are_marked_only_where_they_may_be_a_repeat(self):
        order = make_order()

        for attempt, marked in ((FIRST, False), (AGAIN, False), (AGAIN_IN_DOUBT, True)):
            with self.subTest(attempt=attempt):
                for part in self.read(order, attempt):
                    self.assertEqual("MAY BE A REPEAT" in part, marked)

    @override_settings(EMAIL_UNKNOWN_OUTCOME="hold")
    def test_wait_for_a_person_where_unknown_outcomes_are_held(self):
        with self.assertRaises(LetterOnHold):
            post(make_order(), AGAIN_IN_DOUBT)

        self.assertEqual(mail.outbox, [])

    def test_show_strange_texts_as_they_are(self):
        order = make_order(note="<script>alert(1)</script> {{ settings.SECRET_KEY }}")
        OrderLine.objects.filter(order=order).update(note="nuts & <b>milk</b>\n\nallergy")

        text, page, _ = self.read(order)

        self.assertIn("!!! NOTE: nuts & <b>milk</b> allergy", text)
        self.assertIn("nuts &amp; &lt;b&gt;milk&lt;/b&gt; allergy", page)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt; {{ settings.SECRET_KEY }}", page)

    def test_are_nobodys_where_nobody_is_named(self):
        report = post(make_order(restaurant=make_restaurant(staff=[])))

        self.assertEqual(report, {"sent": False, "because": "the restaurant has named nobody of the staff"})

    def test_are_buried_where_no_address_is_one(self):
        with self.assertRaises(NotAnAddress):
            post(make_order(restaurant=make_restaurant(staff=["kitchen"])))


class BatchOfStaffLetters(TestCase):
    def test_takes_as_many_queries_for_twenty_orders_as_for_one(self):
        restaurants = [make_restaurant(staff=[f"cook{n}@k.example"]) for n in range(3)]
        orders = [make_order(restaurant=restaurants[i % 3]) for i in range(20)]

        for batch in (orders[:1], orders):
            with self.assertNumQueries(3):
                parcels = staff.letters(order_ids=[order.pk for order in batch])

        for order in orders:
            parcels[order.pk].send(FIRST)
            cook = StaffRecipient.objects.get(restaurant=order.restaurant)
            self.assertEqual(mail.outbox[-1].to, [cook.email])
        self.assertEqual(Restaurant.objects.count(), 3)

    def test_raises_for_an_order_that_is_missing(self):
        with self.assertRaises(OrderMissing):
            staff.letters(order_ids=[987654])
