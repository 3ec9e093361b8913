"""
The card that paid, as far as we know it. No more of it is known here, and no more may be printed.
"""

from collections.abc import Sequence

from notifications.wording import one_line
from orders.models import Charge, Order, Payment

BRANDS = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}


def card(charge: Charge | None) -> str:
    """
    'Visa •••• 4242', 'card •••• 4242', or '' where we do not know it.
    """
    if charge is None or not charge.card_last4.isdigit():
        return ""
    brand = one_line(charge.card_brand).replace("_", " ")
    known = "card" if brand in ("", "unknown") else BRANDS.get(brand, brand.title())
    return f"{known} •••• {charge.card_last4}"


def payment_of(order: Order) -> Payment | None:
    """
    The payment of an order that is loaded with it; None where it was marked as paid by hand.
    """
    payment: Payment | None = getattr(order, "payment", None)
    return payment


def charges(payments: Sequence[Payment]) -> dict[str, Charge]:
    """
    What we know of the cards, by Stripe's id of the payment.
    """
    intents = [payment.payment_intent for payment in payments]
    found = Charge.objects.filter(payment_intent__in=intents).order_by("stripe_id")
    return {charge.payment_intent: charge for charge in found}
