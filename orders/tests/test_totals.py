from django.db import IntegrityError, transaction
from django.test import SimpleTestCase, TestCase
from hypothesis import given
from hypothesis import strategies as st

from orders.models import Order, OrderLine
from orders.money import DifferentCurrencies, Money
from orders.placing import CannotPlace, Draft, DraftLine, place_order
from orders.testing import NOON, make_order, make_restaurant
from orders.totals import PER_MILLION, TaxRate, totals

rates = st.lists(st.integers(0, 300_000).map(lambda ppm: TaxRate(name=str(ppm), rate_ppm=ppm)), max_size=3)


class TestTotals(SimpleTestCase):
    def test_put_the_tax_on_top_or_find_it_inside(self):
        for included, tax, total in ((False, 205, 2205), (True, 186, 2000)):
            with self.subTest(prices_include_tax=included):
                sums = totals(
                    line_totals_minor=[1500, 500],
                    discount_minor=0,
                    tip_minor=0,
                    tax_rates=[TaxRate(name="VAT", rate_ppm=102_500)],
                    prices_include_tax=included,
                )

                self.assertEqual((sums.tax_minor, sums.total_minor), (tax, total))

    @given(
        lines=st.lists(st.integers(0, 100_000), max_size=20),
        tip=st.integers(0, 10_000),
        share=st.integers(0, 100),
        tax_rates=rates,
        included=st.booleans(),
    )
    def test_always_add_up_to_the_last_unit(self, lines, tip, share, tax_rates, included):
        discount = sum(lines) * share // 100

        sums = totals(
            line_totals_minor=lines,
            discount_minor=discount,
            tip_minor=tip,
            tax_rates=tax_rates,
            prices_include_tax=included,
        )

        on_top = 0 if included else sums.tax_minor
        self.assertEqual(sums.total_minor, sum(lines) - discount + on_top + tip)
        for tax in sums.taxes:
            exact = (sum(lines) - discount) * tax.rate_ppm
            divisor = PER_MILLION + (sum(rate.rate_ppm for rate in tax_rates) if included else 0)
            self.assertLessEqual(abs(tax.amount_minor * divisor - exact) * 2, divisor)

    def test_refuse_a_discount_larger_than_the_order(self):
        with self.assertRaises(ValueError):
            totals(
                line_totals_minor=[100],
                discount_minor=101,
                tip_minor=0,
                tax_rates=[],
                prices_include_tax=False,
            )


class TestMoney(SimpleTestCase):
    def test_is_written_with_the_places_of_its_currency(self):
        written = {
            Money(minor=123_456, currency="USD"): "$1,234.56",
            Money(minor=-5, currency="EUR"): "-€0.05",
            Money(minor=500, currency="JPY"): "¥500",
            Money(minor=12_345, currency="KWD"): "12.345 KWD",
            Money(minor=7, currency="CHF"): "0.07 CHF",
        }

        for money, text in written.items():
            self.assertEqual(str(money), text)

    def test_of_different_currencies_is_never_added(self):
        with self.assertRaises(DifferentCurrencies):
            Money(minor=1, currency="USD") + Money(minor=1, currency="EUR")


class TestPlacing(TestCase):
    def test_freezes_price_recipe_and_tax(self):
        order = make_order(restaurant=make_restaurant(tax_ppm=88_750), paid=False)
        line = OrderLine.objects.filter(order=order).order_by("pk").first()

        line.variant.price_minor = 1
        line.variant.save()

        line.refresh_from_db()
        self.assertEqual((line.price_minor, line.recipe_id), (1200, line.variant.recipe_id))
        self.assertEqual(order.total_minor, 5350 + order.taxes.get().amount_minor)

    def test_refuses_what_the_restaurant_does_not_sell(self):
        with self.assertRaises(CannotPlace):
            place_order(
                restaurant=make_restaurant(),
                draft=Draft(number="1", placed_at=NOON, lines=(DraftLine(variant_id=999_999),)),
            )

    def test_keeps_only_totals_that_add_up(self):
        order = make_order(paid=False)

        with self.assertRaises(IntegrityError), transaction.atomic():
            Order.objects.filter(pk=order.pk).update(total_minor=1)

    def test_gives_every_order_an_id_nobody_can_guess(self):
        self.assertEqual(len({make_order(paid=False).public_id.version for _ in range(3)}), 1)
        self.assertEqual(make_order(paid=False).public_id.version, 4)
