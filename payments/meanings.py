"""
What an event of Stripe's means: each type that says something about an order's money, and how it is read.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from orders.models import DisputeStatus, RefundStatus
from payments.facts import (
    CardCharged,
    DisputeTold,
    Meaning,
    MoneyArrived,
    MoneyFailed,
    RefundedSoFar,
    RefundTold,
)
from payments.stripe_gateway import Event, reading, short

MOST_MINOR = 10**15
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
# What is not closed is open. A warning that was closed never became a dispute, and a prevented one took no money.
DISPUTE_ENDED = {
    "won": DisputeStatus.WON,
    "warning_closed": DisputeStatus.WON,
    "prevented": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}


@reading()
def meaning(event: Event) -> Meaning | None:
    """
    What the event says about an order's money; None where it says nothing that changes ours.
    """
    read = READ.get(event.type)
    return read(event.object) if read else None


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


def told_about(event: Event) -> str:
    """
    The id of the payment, refund or dispute that the event tells of, its own where of none; raises NotFromStripe.
    """
    match meaning(event) or card_charged(event):
        case MoneyArrived(payment_intent=payment) | CardCharged(payment_intent=payment):
            return payment
        case RefundTold(refund=refund):
            return refund
        case DisputeTold(dispute=dispute):
            return dispute
    return event.id


def _from_payment_intent(about: dict[str, Any]) -> MoneyArrived:
    return MoneyArrived(
        order_reference=_reference(about),
        payment_intent=short(str(about["id"])),
        checkout_session="",
        amount_minor=_minor(about["amount_received"]),
        currency=_currency(about),
        asked_minor=_minor(about.get("amount") or 0),
    )


def _from_failed_intent(about: dict[str, Any]) -> MoneyFailed:
    return MoneyFailed(
        order_reference=_reference(about), payment_intent=short(str(about["id"])), checkout_session=""
    )


def _from_failed_session(about: dict[str, Any]) -> MoneyFailed:
    return MoneyFailed(
        order_reference=_reference_of_session(about),
        payment_intent=short(str(about.get("payment_intent") or about["id"])),
        checkout_session=short(str(about["id"])),
    )


def _from_session(about: dict[str, Any]) -> MoneyArrived | None:
    # A completed session may still wait for its money (SEPA, ACH); async_payment_succeeded then brings it.
    # One that only sets up a card for later has no amount at all.
    if about.get("payment_status") not in NOTHING_MORE_TO_PAY or about.get("amount_total") is None:
        return None
    return MoneyArrived(
        order_reference=_reference_of_session(about),
        # A session without an intent (nothing to pay) is its own proof.
        payment_intent=short(str(about.get("payment_intent") or about["id"])),
        checkout_session=short(str(about["id"])),
        amount_minor=_minor(about["amount_total"]),
        currency=_currency(about),
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
    # Of a charge without an intent none of our orders is paid, and where nothing goes back nothing follows.
    if not about.get("payment_intent") or not about["amount"]:
        return None
    return RefundTold(
        order_reference=_reference(about),
        payment_intent=short(str(about["payment_intent"])),
        refund=short(str(about["id"])),
        amount_minor=_minor(about["amount"]),
        currency=_currency(about),
        status=REFUND_STATUS.get(str(about["status"]), RefundStatus.PENDING).value,
        refunded_at=_moment(about["created"]),
    )


def _from_refunded_charge(about: dict[str, Any]) -> RefundedSoFar | None:
    if not about.get("payment_intent"):
        return None
    listed = (about.get("refunds") or {}).get("data") or []
    return RefundedSoFar(
        order_reference=_reference(about),
        payment_intent=short(str(about["payment_intent"])),
        amount_minor=_minor(about["amount_refunded"]),
        currency=_currency(about),
        refunds=tuple(told for one in listed if (told := _from_refund(one))),
    )


def _from_dispute(about: dict[str, Any]) -> DisputeTold | None:
    if not about.get("payment_intent"):
        return None
    return DisputeTold(
        order_reference="",  # a dispute carries no metadata of ours
        payment_intent=short(str(about["payment_intent"])),
        dispute=short(str(about["id"])),
        amount_minor=_minor(about["amount"]),
        currency=_currency(about),
        status=DISPUTE_ENDED.get(str(about["status"]), DisputeStatus.OPEN).value,
        reason=str(about.get("reason") or "")[:40],
        opened_at=_moment(about["created"]),
    )


def _reference_of_session(about: dict[str, Any]) -> str:
    return _reference(about) or short(str(about.get("client_reference_id") or ""))


def _reference(about: dict[str, Any]) -> str:
    # A reference of somebody else's may be as long as Stripe allows (500 characters); ours is a UUID.
    return str((about.get("metadata") or {}).get("order_id") or "").replace("\x00", "")[:100]


def _currency(about: dict[str, Any]) -> str:
    return short(str(about["currency"])).upper()


def _minor(amount: Any) -> int:
    if not 0 <= int(amount) <= MOST_MINOR:
        raise ValueError("No amount of Stripe's is like this.")
    return int(amount)


def _moment(seconds: Any) -> int:
    return int(datetime.fromtimestamp(int(seconds), UTC).timestamp())


READ: dict[str, Callable[[dict[str, Any]], Meaning | None]] = {
    "payment_intent.succeeded": _from_payment_intent,
    "checkout.session.completed": _from_session,
    "checkout.session.async_payment_succeeded": _from_session,
    "checkout.session.async_payment_failed": _from_failed_session,
    "payment_intent.payment_failed": _from_failed_intent,
    "refund.created": _from_refund,
    "refund.updated": _from_refund,
    "refund.failed": _from_refund,
    "charge.refund.updated": _from_refund,  # what refund.updated was called before 2024-10-28
    "charge.refunded": _from_refunded_charge,
    "charge.dispute.created": _from_dispute,
    "charge.dispute.updated": _from_dispute,
    "charge.dispute.closed": _from_dispute,
}
