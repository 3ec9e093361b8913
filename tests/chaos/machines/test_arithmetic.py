"""
What is only arithmetic: totals, money, waits, and the till's answers.
"""

import json
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orders.money import DifferentCurrencies, Money, decimal_places
from orders.totals import TaxRate, totals
from pipeline.failures import NotNow, PermanentFailure, UnknownOutcome
from pipeline.retries import RetryPolicy
from pos.answers import Answer, understood

AMOUNTS = st.integers(0, 10**9)
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KRW", "KWD", "TND"])
RATES = st.lists(st.integers(0, 1_000_000), max_size=4).map(
    lambda rates: [TaxRate(name=f"tax {n}", rate_ppm=rate) for n, rate in enumerate(rates)]
)
POLICIES = st.builds(RetryPolicy, times=st.integers(0, 12), delay_seconds=st.integers(1, 3600))


class TestTotals:
    @given(
        lines=st.lists(AMOUNTS, max_size=8), tip=AMOUNTS, rates=RATES, included=st.booleans(), data=st.data()
    )
    def test_add_up_to_the_last_unit(self, lines, tip, rates, included, data):
        discount = data.draw(st.integers(0, sum(lines)))

        found = totals(
            line_totals_minor=lines,
            discount_minor=discount,
            tip_minor=tip,
            tax_rates=rates,
            prices_include_tax=included,
        )

        on_top = 0 if included else found.tax_minor
        assert found.total_minor == sum(lines) - discount + on_top + tip
        assert found.subtotal_minor == sum(lines)

    @given(taxable=AMOUNTS, rates=RATES, included=st.booleans())
    def test_round_each_tax_by_half_a_unit_at_most(self, taxable, rates, included):
        found = totals(
            line_totals_minor=[taxable],
            discount_minor=0,
            tip_minor=0,
            tax_rates=rates,
            prices_include_tax=included,
        )

        whole = 1_000_000 + (sum(rate.rate_ppm for rate in rates) if included else 0)
        for share, rate in zip(found.taxes, rates, strict=True):
            assert abs(share.amount_minor - Fraction(taxable * rate.rate_ppm, whole)) <= Fraction(1, 2)


class TestMoney:
    @given(one=AMOUNTS, other=AMOUNTS, mine=CURRENCIES, yours=CURRENCIES)
    def test_is_never_added_across_currencies(self, one, other, mine, yours):
        assume(mine != yours)

        with pytest.raises(DifferentCurrencies):
            Money(minor=one, currency=mine) + Money(minor=other, currency=yours)

    @given(minor=st.integers(-(10**12), 10**12), currency=CURRENCIES)
    def test_says_every_unit_of_it(self, minor, currency):
        digits = "".join(letter for letter in str(Money(minor=minor, currency=currency)) if letter.isdigit())

        assert int(digits) == abs(minor)
        assert decimal_places(currency) in (0, 2, 3)


class TestRetryPolicy:
    @given(policy=POLICIES, chance=st.floats(0, 1), scale=st.floats(0.001, 2))
    def test_doubles_its_waits_within_a_tenth_and_then_ends(self, policy, chance, scale):
        waits = [policy.seconds_after(n, chance=chance, scale=scale) for n in range(1, policy.attempts + 3)]

        assert waits[policy.times :] == [None, None, None]
        for doublings, wait in enumerate(waits[: policy.times]):
            exact = policy.delay_seconds * 2**doublings * scale
            assert 0.899 * exact <= wait <= 1.101 * exact


class TestAnswerOfTheTill:
    @given(
        status=st.integers(100, 999),
        content=st.binary(max_size=60)
        | st.dictionaries(st.text(max_size=9), st.text(max_size=9)).map(lambda d: json.dumps(d).encode()),
        retry_after=st.text(max_size=12),
    )
    def test_has_exactly_one_meaning_and_is_never_a_surprise(self, status, content, retry_after):
        try:
            meaning = understood(Answer(status=status, content=content, retry_after=retry_after))
        except (NotNow, UnknownOutcome, PermanentFailure) as failure:
            meaning = failure

        assert isinstance(meaning, dict) <= (status in range(200, 300))
        assert isinstance(meaning, PermanentFailure) <= (status in range(400, 500))
        assert isinstance(meaning, NotNow) <= (status in {401, 403, 429, *range(300, 400)})
        assert 0 < getattr(meaning, "seconds", 1) <= 600

    @given(status=st.integers(100, 999).filter(lambda status: not 200 <= status < 500))
    def test_that_nobody_foresaw_is_taken_for_unknown_or_shut_out(self, status):
        with pytest.raises((UnknownOutcome, NotNow)) as failed:
            understood(Answer(status=status, content=b"<html>", retry_after=""))

        assert not isinstance(failed.value, PermanentFailure)
