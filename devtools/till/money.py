"""
Arithmetic on minor units: rounding, sharing out, and writing an amount for a person.
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from devtools.till.documents import Document

DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # every other currency has two


def money(amount: int, currency: str) -> Document:
    """Write the amount as Square writes it."""
    return {"amount": amount, "currency": currency}


def rounded(amount: Decimal) -> int:
    """Round to the nearest whole number; a half goes to the even neighbour."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def share_out(total: int, *, by: Sequence[Decimal]) -> list[int]:
    """Share a total out by weight, with not a unit lost: the largest remainders get the rest."""
    weight = sum(by, Decimal(0))
    if weight == 0:
        return [0] * len(by)
    exact = [total * part / weight for part in by]
    shares = [int(part.to_integral_value(rounding=ROUND_FLOOR)) for part in exact]
    by_remainder = sorted(range(len(by)), key=lambda place: shares[place] - exact[place])
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares


def readable(amount: int, currency: str) -> str:
    """Write the amount for a person: 1234 EUR is 12.34 EUR, 1234 JPY is 1234 JPY."""
    return f"{Decimal(amount).scaleb(-DECIMALS.get(currency, 2))} {currency}"
