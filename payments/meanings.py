"""
What an event of Stripe's means, in our words: one fact each, with the few ids and amounts that we need.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from orders.models import RefundStatus
from payments.stripe_gateway import Event, reading, short

# The second is what a session says whose voucher covers everything.
NOTHING_MORE_TO_PAY = ("paid", "no_payment_required")
# A status that Stripe adds one day is taken for on its way.
REFUND_STATUS = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}


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
class CardCharged:
    """
    Which card a charge went to: brand and last four digits.
    """

    charge: str
    payment_intent: str
    card_brand: str
    card_last4: str


Meaning = MoneyArrived | RefundTold | RefundedSoFar


@reading()
def meaning(event: Event) -> Meaning | None:
    """
    What the event says about an order's money; None where it says nothing that changes ours.
    """
    read = READ.get(event.type)
    return read(event.object) if read else None


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
        case "RefundTold":
            return RefundTold(**told)
        case "RefundedSoFar":
            refunds = tuple(RefundTold(**one) for one in told.pop("refunds"))
            return RefundedSoFar(**told, refunds=refunds)
        case _:
            return MoneyArrived(**told)


@reading()
def card_charged(event: Event) -> CardCharged | None:
    """
    Which card paid, where the event tells: charge.succeeded, and payment_intent.succeeded before API 2022-11-15.
    """
    if event.type == "charge.succeeded":
        return _card_of(event.object, str(event.object.get("payment_intent") or ""))
    if event.type == "payment_intent.succeeded":
        charges = (event.object.get("charges") or {}).get("data") or []
        latest = event.object.get("latest_charge")
        charge = charges[0] if charges else latest if isinstance(latest, dict) else None
        return _card_of(charge, str(event.object["id"])) if charge else None
    return None


def _from_payment_intent(about: dict[str, Any]) -> MoneyArrived:
    return MoneyArrived(
        order_reference=_reference(about),
        payment_intent=short(str(about["id"])),
        checkout_session="",
        amount_minor=int(about["amount_received"]),
        currency=str(about["currency"]).upper(),
    )


def _from_session(about: dict[str, Any]) -> MoneyArrived | None:
    # A completed session may still wait for its money (SEPA, ACH); async_payment_succeeded then brings it.
    if about.get("payment_status") not in NOTHING_MORE_TO_PAY:
        return None
    reference = (about.get("metadata") or {}).get("order_id") or about.get("client_reference_id") or ""
    return MoneyArrived(
        order_reference=str(reference),
        # A session without an intent (nothing to pay) is its own proof.
        payment_intent=short(str(about.get("payment_intent") or about["id"])),
        checkout_session=short(str(about["id"])),
        amount_minor=int(about["amount_total"]),
        currency=str(about["currency"]).upper(),
    )


def _card_of(charge: dict[str, Any], payment_intent: str) -> CardCharged | None:
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    if not card or not payment_intent:
        return None
    return CardCharged(
        charge=short(str(charge["id"])),
        payment_intent=short(payment_intent),
        card_brand=str(card.get("brand") or "")[:20],
        card_last4=str(card.get("last4") or "")[-4:],
    )


def _from_refund(about: dict[str, Any]) -> RefundTold | None:
    if not about.get("payment_intent"):  # of a charge without an intent: none of our orders is paid like that
        return None
    return RefundTold(
        order_reference=_reference(about),
        payment_intent=short(str(about["payment_intent"])),
        refund=short(str(about["id"])),
        amount_minor=int(about["amount"]),
        currency=str(about["currency"]).upper(),
        status=REFUND_STATUS.get(str(about["status"]), RefundStatus.PENDING).value,
        refunded_at=int(about["created"]),
    )


def _from_refunded_charge(about: dict[str, Any]) -> RefundedSoFar | None:
    if not about.get("payment_intent"):
        return None
    listed = (about.get("refunds") or {}).get("data") or []
    return RefundedSoFar(
        order_reference=_reference(about),
        payment_intent=short(str(about["payment_intent"])),
        amount_minor=int(about["amount_refunded"]),
        currency=str(about["currency"]).upper(),
        refunds=tuple(told for one in listed if (told := _from_refund(one))),
    )


def _reference(about: dict[str, Any]) -> str:
    return str((about.get("metadata") or {}).get("order_id") or "")


READ: dict[str, Callable[[dict[str, Any]], Meaning | None]] = {
    "payment_intent.succeeded": _from_payment_intent,
    "checkout.session.completed": _from_session,
    "checkout.session.async_payment_succeeded": _from_session,
    "refund.created": _from_refund,
    "refund.updated": _from_refund,
    "refund.failed": _from_refund,
    "charge.refund.updated": _from_refund,  # what refund.updated was called before 2024-10-28
    "charge.refunded": _from_refunded_charge,
}
