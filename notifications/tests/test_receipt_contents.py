"""
What a guest reads on the receipt.
"""
# ruff: noqa: RUF001 - a multiplication sign is meant

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

from django.conf import settings
from django.core import mail
from django.test import TestCase

from notifications import receipts
from notifications.columns import WIDTH, width
from notifications.tests.posting import FIRST
from orders.models import Charge, Order, OrderLine, Payment, ServiceType
from orders.testing import make_menu, make_order, make_restaurant

# New York sets its clocks back at 06:00 UTC on that day: 01:30 comes twice.
BEFORE_THE_CHANGE = datetime(2025, 11, 2, 5, 30, tzinfo=UTC)
AFTER_THE_CHANGE = datetime(2025, 11, 2, 6, 30, tzinfo=UTC)
EVIL = '{{ settings.SECRET_KEY }}{% debug %}<b onload="x">&'


def read(order):
    """
    The text and the HTML of the order's receipt, and its subject.
    """
    receipts.letters(order_ids=[order.pk])[order.pk].send(FIRST)
    letter = mail.outbox[-1]
    return letter.body, letter.alternatives[0].content, letter.subject


def rows(text):
    """
    The lines of a text with their columns one blank apart.
    """
    return [" ".join(line.split()) for line in text.splitlines()]


class Receipt(TestCase):
    def test_shows_who_sold_what_to_whom_and_when(self):
        order = make_order(
            number="17",
            customer_name="Ada Lovelace",
            service_type=ServiceType.DINE_IN,
            table="5",
            note="by the window",
        )

        text, page, _ = read(order)

        for shown in (
            "Trattoria Roma", "Roma Food S.r.l.", "Via Roma 1, 00184 Roma", "IT01234567890", "17", "Ada",
            "Dine in, table 5", "as soon as possible", "Mon 1 Jun 2026, 14:00 CEST (UTC+02:00)", "by the window",
            "1 × Margherita, S", "$12.00", "2 × Margherita, L", "$20.75 each", "$20.75", "$41.50", "no basil", "$53.50", "Paid in USD",
            "paid by card", "ciao@trattoria.example", "Allergies",
        ):  # fmt: skip
            self.assertIn(shown, text)
            self.assertIn(shown, page)
        self.assertNotIn("Lovelace", text + page)
        self.assertNotIn("Discount", text + page)
        self.assertNotIn("Tip", text + page)

    def test_adds_taxes_on_top_line_by_line(self):
        order = make_order(restaurant=make_restaurant(tax_ppm=88_750), discount_minor=350, tip_minor=500)

        text, _, _ = read(order)

        sums = rows(text)
        start = sums.index("Subtotal $53.50")
        self.assertEqual(
            sums[start + 1 : start + 4], ["Discount -$3.50", "Sales tax (8.875%) $4.44", "Tip $5.00"]
        )
        self.assertEqual(sums[start + 5 : start + 7], ["Total $59.44", "Paid in USD $59.44"])

    def test_says_which_taxes_the_prices_include(self):
        order = make_order(
            restaurant=make_restaurant(tax_ppm=190_000, prices_include_tax=True, currency="EUR")
        )

        text, page, _ = read(order)

        sums = rows(text)
        self.assertEqual(sums[sums.index("Total €53.50") + 1], "Includes Sales tax (19%) €8.54")
        self.assertIn("Includes Sales tax (19%)", page)

    def test_knows_currencies_with_no_and_with_three_decimals(self):
        for currency, total in (("JPY", "¥5,350"), ("KWD", "5.350 KWD"), ("CHF", "53.50 CHF")):
            with self.subTest(currency=currency):
                text, page, _ = read(make_order(restaurant=make_restaurant(currency=currency)))

                self.assertIn(f"Total {total}", rows(text))
                self.assertIn(total, page)
                self.assertIn(f"Paid in {currency}", text)

    def test_names_the_card_as_far_as_it_is_known(self):
        for brand, last4, shown in (
            ("visa", "4242", "paid with Visa •••• 4242"),
            ("amex", "0005", "paid with American Express •••• 0005"),
            ("unknown", "1111", "paid with card •••• 1111"),
            ("visa", "", "paid by card"),
        ):
            with self.subTest(brand=brand, last4=last4):
                order = make_order()
                intent = Payment.objects.get(order=order).payment_intent
                Charge.objects.create(
                    stripe_id=f"ch_{intent}", payment_intent=intent, card_brand=brand, card_last4=last4
                )

                text, page, _ = read(order)

                self.assertIn(shown, text)
                self.assertIn(shown, page)

    def test_tells_the_two_half_past_ones_of_a_changing_night_apart(self):
        restaurant = make_restaurant(time_zone="America/New_York")
        order = make_order(restaurant=restaurant, placed_at=BEFORE_THE_CHANGE, wanted_at=AFTER_THE_CHANGE)

        text, page, _ = read(order)

        self.assertIn("Placed Sun 2 Nov 2025, 01:30 EDT (UTC-04:00)", rows(text))
        self.assertIn("When Sun 2 Nov 2025, 01:30 EST (UTC-05:00)", rows(text))
        self.assertIn("Sun 2 Nov 2025, 01:30 EST (UTC-05:00)", page)

    def test_gives_the_offset_alone_where_a_zone_has_no_name(self):
        text, _, _ = read(make_order(restaurant=make_restaurant(time_zone="Asia/Dubai")))

        self.assertIn("Placed Mon 1 Jun 2026, 16:00 UTC+04:00", rows(text))

    def test_aligns_its_columns_also_with_wide_letters(self):
        restaurant = make_restaurant(name="寿司処 さくら", currency="JPY")
        order = make_order(restaurant=restaurant)
        OrderLine.objects.filter(order=order).update(
            name="特上にぎり寿司の盛り合わせ" * 4, note="わさび抜き " * 20
        )

        text, page, subject = read(order)

        self.assertTrue(subject.startswith("Your receipt from 寿司処 さくら"))
        self.assertIn("<h1", page)
        self.assertLessEqual(max(width(line) for line in text.splitlines()), WIDTH)
        sums = [line for line in text.splitlines() if line.endswith(("¥1,200", "¥4,150", "¥5,350"))]
        ends = {width(line) for line in sums if "each" not in line}
        self.assertEqual(ends, {WIDTH})


class StrangeTexts(TestCase):
    def evil_order(self):
        restaurant = make_restaurant(name=EVIL, legal_name=EVIL, address=EVIL, tax_id=EVIL[:40], contact=EVIL)
        order = make_order(
            restaurant=restaurant, customer_name=EVIL.replace(" ", "_"), number=EVIL[:20], note=EVIL
        )
        OrderLine.objects.filter(order=order).update(name=EVIL, size=EVIL[:20], note=EVIL)
        order.taxes.create(name="{rate} {name} {{ settings }}", rate_ppm=1, amount_minor=0)
        return order

    def test_are_data_and_never_a_template(self):
        text, page, subject = read(self.evil_order())

        self.assertIn("{{ settings.SECRET_KEY }}", subject)
        self.assertIn(EVIL, text)
        self.assertIn("{{ settings.SECRET_KEY }}{% debug %}&lt;b onload=&quot;x&quot;&gt;&amp;", page)
        self.assertIn("{rate} {name} {{ settings }} (0.0001%)", text)
        self.assertNotIn(settings.SECRET_KEY, text + page + subject)

    def test_bring_no_elements_of_their_own_into_the_page(self):
        _, plain, _ = read(make_order(note="x"))
        _, page, _ = read(self.evil_order())

        self.assertEqual(elements(page) - elements(plain), set())
        self.assertEqual(elements(page) & {"script", "img", "b", "link", "iframe", "form"}, set())

    def test_write_no_headers(self):
        restaurant = make_restaurant(name="Bistro\r\nBcc: everybody@example.com")
        order = make_order(restaurant=restaurant, number="1\nX-Evil: 1")

        _, _, subject = read(order)

        sent = mail.outbox[-1].message()
        self.assertEqual(subject, "Your receipt from Bistro Bcc: everybody@example.com: order 1 X-Evil: 1")
        self.assertIsNone(sent["Bcc"])
        self.assertIsNone(sent["X-Evil"])
        self.assertEqual(sent["To"], "guest@example.com")

    def test_cannot_turn_the_direction_of_what_follows(self):
        text, page, _ = read(make_order(note="ab\u202eevil\u2066"))

        self.assertNotIn("\u202e", text + page)


class Page(TestCase):
    def test_links_only_to_people(self):
        _, page, _ = read(make_order())

        self.assertEqual(re.findall(r'(?:href|src)="([^"]*)"', page), ["mailto:ciao@trattoria.example"])
        self.assertNotIn("http", page)
        self.assertNotIn("url(", page)

    def test_stays_small_for_a_big_order(self):
        restaurant = make_restaurant()
        make_menu(restaurant)
        order = make_order(
            restaurant=restaurant, lines=[("L", 2, "no basil, but plenty of oregano, please")] * 100
        )

        _, page, _ = read(order)

        self.assertLess(len(page.encode()), 100_000)
        self.assertEqual(Order.objects.get(pk=order.pk).lines.count(), page.count("2 × Margherita"))


def elements(page):
    found = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _attributes: found.add(tag)
    parser.feed(page)
    return found
