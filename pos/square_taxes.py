"""
Taxes at the till, and the cent by which its rounding differs from ours.

Each tax travels as a real tax, by its rate, so that the till's tax report is right. Square then works out the amount
itself, and rounds a half to the even neighbour (https://developer.squareup.com/docs/orders-api/price-adjustments), while
a half on our receipts is rounded up: 9.75 % of 6.00 is 0.585, there 0.58, here 0.59, and then the payment would not fit
the order. So what Square will round away is worked out beforehand and added as an untaxed service charge of a few units;
a tax that is included in the prices changes no total and needs none. Should Square count differently after all, the
check of its answer stops the order (pos/parcels.py): nothing is ever paid that does not fit.
"""

from orders.models import Order, OrderTax
from orders.totals import PER_MILLION
from pipeline.failures import PermanentFailure
from pos.answers import Document

PPM_PER_PERCENT = PER_MILLION // 100


class TaxesDoNotFit(PermanentFailure):
    """
    The order's tax is not what its rates come to, not even but for rounding: the till could not agree.
    """


def taxes(order: Order) -> list[Document]:
    """
    The order's taxes as Square writes them.
    """
    kind = "INCLUSIVE" if order.prices_include_tax else "ADDITIVE"
    return [
        {
            "uid": f"tax-{tax.pk}",
            "name": tax.name,
            "type": kind,
            "percentage": percentage(tax.rate_ppm),
            "scope": "ORDER",
        }
        for tax in _sorted_taxes(order)
    ]


def rounding_charge(order: Order) -> list[Document]:
    """
    What our total has more than Square's own arithmetic, as a service charge that is added after the taxes.
    """
    if order.prices_include_tax:
        return []
    rates = [tax.rate_ppm for tax in _sorted_taxes(order)]
    taxable = order.subtotal_minor - order.discount_minor
    at_till = sum(_divided_half_even(taxable * rate, PER_MILLION) for rate in rates)
    missing = order.tax_minor - at_till
    # Each tax can lose one unit at most. Anything else is no rounding, and must not hide in a charge.
    if not 0 <= missing <= len(rates):
        raise TaxesDoNotFit(
            f"The order carries {order.money(order.tax_minor)} of tax, "
            f"but the till will compute {order.money(at_till)} from its rates."
        )
    return [_charge(order, missing)] if missing else []


def percentage(rate_ppm: int) -> str:
    """
    88750 parts per million are '8.875' per cent.
    """
    whole, rest = divmod(rate_ppm, PPM_PER_PERCENT)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")


def _sorted_taxes(order: Order) -> list[OrderTax]:
    return sorted(order.taxes.all(), key=lambda tax: tax.pk)


def _charge(order: Order, missing: int) -> Document:
    return {
        "uid": "tax-rounding",
        "name": "Tax rounding",
        "amount_money": {"amount": missing, "currency": order.currency},
        "calculation_phase": "TOTAL_PHASE",
        "taxable": False,
    }


def _divided_half_even(numerator: int, divisor: int) -> int:
    quotient, rest = divmod(numerator, divisor)
    goes_up = 2 * rest > divisor or (2 * rest == divisor and quotient % 2 == 1)
    return quotient + 1 if goes_up else quotient
