"""
What an order costs: pure arithmetic in minor units, no database and no float.
"""

from collections.abc import Iterable
from dataclasses import dataclass

PER_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class TaxRate:
    """
    A named tax, its rate in parts per million (8.875 % is 88_750).
    """

    name: str
    rate_ppm: int


@dataclass(frozen=True, kw_only=True)
class TaxShare:
    """
    What one tax amounts to on one order, in minor units.
    """

    name: str
    rate_ppm: int
    amount_minor: int


@dataclass(frozen=True, kw_only=True)
class Totals:
    """
    All sums of one order in minor units; `total = subtotal - discount + tip`, plus the taxes unless prices include them.
    """

    subtotal_minor: int
    discount_minor: int
    taxes: tuple[TaxShare, ...]
    tip_minor: int
    total_minor: int

    @property
    def tax_minor(self) -> int:
        return sum(tax.amount_minor for tax in self.taxes)


def totals(
    *,
    line_totals_minor: Iterable[int],
    discount_minor: int,
    tip_minor: int,
    tax_rates: Iterable[TaxRate],
    prices_include_tax: bool,
) -> Totals:
    """
    Sum the lines, take off the discount and work out each tax on what remains, rounding halves up.
    """
    subtotal = sum(line_totals_minor)
    if not 0 <= discount_minor <= subtotal:
        raise ValueError(f"A discount of {discount_minor} does not fit a subtotal of {subtotal}.")
    taxable = subtotal - discount_minor
    taxes = _taxes(taxable, tuple(tax_rates), included=prices_include_tax)
    on_top = 0 if prices_include_tax else sum(tax.amount_minor for tax in taxes)
    return Totals(
        subtotal_minor=subtotal,
        discount_minor=discount_minor,
        taxes=taxes,
        tip_minor=tip_minor,
        total_minor=taxable + on_top + tip_minor,
    )


def _taxes(taxable: int, rates: tuple[TaxRate, ...], *, included: bool) -> tuple[TaxShare, ...]:
    # A price that includes several taxes was raised by their sum, so that sum is the divisor for each of them.
    divisor = PER_MILLION + sum(rate.rate_ppm for rate in rates) if included else PER_MILLION
    return tuple(
        TaxShare(
            name=rate.name,
            rate_ppm=rate.rate_ppm,
            amount_minor=_divided_half_up(taxable * rate.rate_ppm, divisor),
        )
        for rate in rates
    )


def _divided_half_up(numerator: int, divisor: int) -> int:
    return (2 * numerator + divisor) // (2 * divisor)
