"""
What Stripe tells us, in our words: one fact each, with the few ids and amounts that we need.
"""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class MoneyArrived:
    """
    Stripe says that the money for an order is ours. `order_reference` is our public id as Stripe kept it, '' if it has none.
    """

    order_reference: str
    payment_intent: str
    checkout_session: str
    amount_minor: int
    currency: str  # ISO 4217, upper case
    asked_minor: int = 0  # what was to be paid; less may have been captured


@dataclass(frozen=True, kw_only=True)
class MoneyFailed:
    """
    Stripe says that an attempt to pay has failed: the card was declined, or the bank will not send the money after all.
    """

    order_reference: str
    payment_intent: str
    checkout_session: str


@dataclass(frozen=True, kw_only=True)
class RefundTold:
    """
    Stripe tells how one refund stands: `status` is one of RefundStatus.
    """

    order_reference: str
    payment_intent: str
    refund: str
    amount_minor: int
    currency: str
    status: str
    refunded_at: int  # Unix time


@dataclass(frozen=True, kw_only=True)
class RefundedSoFar:
    """
    Stripe tells what has gone back of a charge in all; older API versions list the refunds with it, newer ones do not.
    """

    order_reference: str
    payment_intent: str
    amount_minor: int
    currency: str
    refunds: tuple[RefundTold, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DisputeTold:
    """
    Stripe tells how a dispute stands: `status` is one of DisputeStatus.
    """

    order_reference: str
    payment_intent: str
    dispute: str
    amount_minor: int
    currency: str
    status: str
    reason: str
    opened_at: int  # Unix time


@dataclass(frozen=True, kw_only=True)
class CardCharged:
    """
    Which card a charge went to: brand and last four digits.
    """

    charge: str
    payment_intent: str
    card_brand: str
    card_last4: str


Meaning = MoneyArrived | MoneyFailed | RefundTold | RefundedSoFar | DisputeTold


def as_facts(told: Meaning) -> dict[str, Any]:
    """
    The meaning as JSON, to be kept with its event.
    """
    return {"means": type(told).__name__, **asdict(told)}


def from_facts(facts: dict[str, Any]) -> Meaning:
    """
    The meaning as it was kept.
    """
    told = dict(facts)
    match told.pop("means", "MoneyArrived"):
        case "MoneyFailed":
            return MoneyFailed(**told)
        case "RefundTold":
            return RefundTold(**told)
        case "DisputeTold":
            return DisputeTold(**told)
        case "RefundedSoFar":
            refunds = tuple(RefundTold(**one) for one in told.pop("refunds"))
            return RefundedSoFar(**told, refunds=refunds)
        case _:
            return MoneyArrived(**told)
