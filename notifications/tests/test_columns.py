"""
Columns of text.
"""

from collections import Counter

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from notifications.columns import WIDTH, row, width
from notifications.contact import Contact, masked
from notifications.wording import one_line, rate


class Row(SimpleTestCase):
    def test_sets_the_amount_flush_right(self):
        self.assertEqual(row("Tip", "$1.00"), "Tip" + " " * 52 + "$1.00")

    def test_wraps_what_is_too_long_beneath(self):
        lines = row("very long words " * 6, "$1.00", indent=2).splitlines()

        self.assertTrue(lines[0].endswith("$1.00"))
        self.assertTrue(all(line.startswith("  very") for line in lines))

    @given(
        left=st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf"]), max_size=300),
        right=st.text("¥$0123456789.,", max_size=15),
    )
    def test_never_grows_too_wide_and_loses_nothing(self, left, right):
        text = row(one_line(left), right)

        self.assertLessEqual(max(map(width, text.split("\n"))), WIDTH)
        self.assertEqual(Counter("".join(text.split())), Counter("".join((left + right).split())))


class Wording(SimpleTestCase):
    def test_writes_rates_without_zeros(self):
        self.assertEqual(list(map(rate, (88_750, 190_000, 200_000, 1, 0, 1_000_000))),
                         ["8.875%", "19%", "20%", "0.0001%", "0%", "100%"])  # fmt: skip

    def test_makes_out_what_a_contact_is(self):
        for written, link in (
            ("ciao@trattoria.example", "mailto:ciao@trattoria.example"),
            ("a&b?c%d@x.example", "mailto:a%26b%3Fc%25d@x.example"),
            ("+1 (555) 010-9999", "tel:+15550109999"),
            ("at the counter", ""),
            ("javascript:alert(1)", ""),
            ("https://evil.example", ""),
            ("", ""),
        ):
            with self.subTest(written=written):
                self.assertEqual(Contact.of(written).link, link)

    def test_masks_addresses(self):
        self.assertEqual(masked("test@example.com"), "t***@e***.com")
