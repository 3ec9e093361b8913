"""
Money as whole numbers: an amount in the currency's minor unit, and the currency.

Exponents other than two follow Stripe's lists of zero-decimal and three-decimal currencies
(https://docs.stripe.com/currencies).
"""

from dataclasses import dataclass

ZERO_DECIMAL = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF".split()  # noqa: SIM905
)
THREE_DECIMAL = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


class DifferentCurrencies(ValueError):
    """
    Amounts of different currencies cannot be added or compared.
    """


@dataclass(frozen=True, kw_only=True, order=False)
class Money:
    """
    `minor` in the smallest unit of `currency` (ISO 4217, upper case): 19.95 $ is 1995 USD, 500 ¥ is 500 JPY.
    """

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise DifferentCurrencies(f"{self.currency} and {other.currency} cannot be added.")
        return Money(minor=self.minor + other.minor, currency=self.currency)

    def __str__(self) -> str:
        """
        '$19.95', '¥500', '12.345 KWD': for people; never parsed again.
        """
        places = decimal_places(self.currency)
        sign = "-" if self.minor < 0 else ""
        whole, fraction = divmod(abs(self.minor), 10**places)
        digits = f"{whole:,}.{fraction:0{places}d}" if places else f"{whole:,}"
        symbol = SYMBOLS.get(self.currency)
        return f"{sign}{symbol}{digits}" if symbol else f"{sign}{digits} {self.currency}"


def decimal_places(currency: str) -> int:
    """
    How many digits the currency has after the point: 0, 2 or 3.
    """
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2
