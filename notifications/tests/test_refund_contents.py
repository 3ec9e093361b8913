"""
What a guest reads about a refund.
"""

from django.test import TestCase

from notifications import refunds
from notifications.columns import WIDTH, width
from notifications.tests.refunded import know_the_card, read, rows
from orders.models import Charge, RefundStatus
from orders.testing import make_order, make_refund, make_restaurant

EVIL = '{{ settings.SECRET_KEY }}{% debug %}<b onload="x">&'


class RefundLetterContents(TestCase):
    def test_tell_how_much_goes_back_of_which_order_and_when(self):
        order = make_order(number="17", customer_name="Ada Lovelace")
        know_the_card(order)

        text, page, _ = read(make_refund(order))

        for shown in (
            "Trattoria Roma", "Hello", "Ada", "17", "refunded in full", "$53.50", "Visa •••• 4242", "5 to 10 business days",
            "Mon 1 Jun 2026, 14:00 CEST (UTC+02:00)", "Roma Food S.r.l.", "IT01234567890", "ciao@trattoria.example",
        ):  # fmt: skip
            self.assertIn(shown, text)
            self.assertIn(shown, page)
        self.assertIn("We are sending $53.50 back to your Visa •••• 4242.", text)
        self.assertIn("Remains paid $0.00", rows(text))
        self.assertNotIn("Lovelace", text + page)
        self.assertNotIn("Refunded in all", text + page)

    def test_tell_what_remains_of_a_part(self):
        order = make_order()
        first, second = make_refund(order, minor=1000), make_refund(order, minor=350)

        for refund, amount in ((first, "$10.00"), (second, "$3.50")):
            text, page, _ = read(refund)

            sums = rows(text)
            start = sums.index("You paid $53.50")
            self.assertEqual(
                sums[start + 1 : start + 4],
                [f"This refund {amount}", "Refunded in all $13.50", "Remains paid $40.00"],
            )
            self.assertIn("a part of your order has been refunded", text)
            self.assertIn("a part of your order has been refunded", page)
            self.assertIn("$40.00", page)
            self.assertIn(f"We are sending {amount} back to the card you paid with.", " ".join(text.split()))

    def test_know_currencies_with_no_and_with_three_decimals(self):
        for currency, part in (("JPY", "¥1,200"), ("KWD", "1.200 KWD")):
            with self.subTest(currency=currency):
                order = make_order(restaurant=make_restaurant(currency=currency))

                text, page, _ = read(make_refund(order, minor=1200))

                self.assertIn(f"This refund {part}", rows(text))
                self.assertIn(part, page)

    def test_fit_into_their_columns(self):
        order = make_order(restaurant=make_restaurant(name="寿司処 さくら" * 9, currency="KWD"))
        know_the_card(order)
        Charge.objects.update(card_brand="amex")
        for status, pack in (
            (RefundStatus.SUCCEEDED, refunds.notices),
            (RefundStatus.FAILED, refunds.failure_notices),
        ):
            text, _, _ = read(make_refund(order, status=status, minor=1), pack=pack)

            self.assertLessEqual(max(width(line) for line in text.splitlines()), WIDTH)
            self.assertNotIn("\n\n\n", text)

    def test_show_strange_texts_as_they_are(self):
        restaurant = make_restaurant(name=EVIL, legal_name=EVIL, address=EVIL, tax_id=EVIL[:40], contact=EVIL)
        order = make_order(restaurant=restaurant, customer_name=EVIL.replace(" ", "_"), number=EVIL[:20])
        for status, pack in (
            (RefundStatus.SUCCEEDED, refunds.notices),
            (RefundStatus.FAILED, refunds.failure_notices),
        ):
            text, page, subject = read(make_refund(order, status=status, minor=1), pack=pack)

            self.assertIn("{{ settings.SECRET_KEY }}", subject)
            self.assertIn(EVIL, text)
            self.assertIn("{% debug %}&lt;b onload=&quot;x&quot;&gt;&amp;", page)
            self.assertNotIn("<b ", page)
