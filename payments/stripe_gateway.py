"""
Everything that knows Stripe: whose signature is genuine, and what an event means in our words.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe

TOLERANCE_SECONDS = 300
# The second is what a session says whose voucher covers everything.
NOTHING_MORE_TO_PAY = ("paid", "no_payment_required")


class NotFromStripe(ValueError):
    """
    The request is not signed with one of our secrets, is too old or too new, or is no event at all.
    """


class SignedAtAnotherTime(NotFromStripe):
    """
    The signature is genuine, but older (or newer) than five minutes: a replay, or a clock that is wrong.
    """


class NoEvent(NotFromStripe):
    """
    The body lacks what every event of Stripe's has.
    """


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
class CardCharged:
    """
    Which card a charge went to: brand and last four digits.
    """

    charge: str
    payment_intent: str
    card_brand: str
    card_last4: str


@dataclass(frozen=True, kw_only=True)
class Event:
    """
    A genuine event. `object` is Stripe's object as it came.
    """

    id: str
    type: str
    api_version: str
    livemode: bool
    account: str
    happened_at: datetime
    object: dict[str, Any]


@contextmanager
def _reading() -> Iterator[None]:
    """
    What lacks the facts that Stripe always sends is not from Stripe, whoever signed it.
    """
    try:
        yield
    except NotFromStripe:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, OSError) as trouble:
        raise NoEvent("The body is no event of Stripe's.") from trouble


@_reading()
def read_event(*, body: bytes, signature: str, secrets: Sequence[str]) -> Event:
    """
    The event in a webhook's body, if it is signed with one of the secrets within the last (or next) five minutes.
    """
    if not any(_is_signed(body, signature, secret) for secret in secrets):
        raise NotFromStripe("The signature does not match.")
    if abs(time.time() - _signed_at(signature)) > TOLERANCE_SECONDS:
        # In the same words: a forger learns nothing from them.
        raise SignedAtAnotherTime("The signature does not match.")
    return _event(json.loads(body))


@_reading()
def money_arrived(event: Event) -> MoneyArrived | None:
    """
    What a payment event says; None where it brings no money (another type, or a session that is not paid yet).
    """
    about = event.object
    match event.type:
        case "payment_intent.succeeded":
            return _from_payment_intent(about)
        case "checkout.session.completed" | "checkout.session.async_payment_succeeded":
            # A completed session may still wait for its money (SEPA, ACH); async_payment_succeeded then brings it.
            return _from_session(about) if about.get("payment_status") in NOTHING_MORE_TO_PAY else None
        case _:
            return None


@_reading()
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


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        # The time is looked at by our caller: Stripe's library knows only too old, and does not tell it from forged.
        return bool(stripe.WebhookSignature.verify_header(body.decode(), signature, secret))
    except (ValueError, stripe.SignatureVerificationError):  # not UTF-8, or not signed like this
        return False


def _signed_at(signature: str) -> int:
    return next(int(part[2:]) for part in signature.split(",") if part.startswith("t="))


def _event(read: dict[str, Any]) -> Event:
    about = read["data"]["object"]
    if not isinstance(about, dict) or not isinstance(read["id"], str) or not isinstance(read["type"], str):
        raise TypeError(read["id"])
    return Event(
        id=_short(read["id"]),
        type=_short(read["type"]),
        api_version=_short(str(read.get("api_version") or "")),
        livemode=bool(read.get("livemode")),
        account=_short(str(read.get("account") or "")),
        happened_at=datetime.fromtimestamp(int(read["created"]), UTC),
        object=about,
    )


def _short(text: str) -> str:
    if len(text) > 255 or "\x00" in text:  # noqa: PLR2004 - what our columns hold
        raise ValueError("An id of Stripe's is longer than Stripe makes them.")
    return text


def _from_payment_intent(about: dict[str, Any]) -> MoneyArrived:
    return MoneyArrived(
        order_reference=str((about.get("metadata") or {}).get("order_id") or ""),
        payment_intent=_short(str(about["id"])),
        checkout_session="",
        amount_minor=int(about["amount_received"]),
        currency=str(about["currency"]).upper(),
    )


def _from_session(about: dict[str, Any]) -> MoneyArrived:
    reference = (about.get("metadata") or {}).get("order_id") or about.get("client_reference_id") or ""
    return MoneyArrived(
        order_reference=str(reference),
        # A session without an intent (nothing to pay) is its own proof.
        payment_intent=_short(str(about.get("payment_intent") or about["id"])),
        checkout_session=_short(str(about["id"])),
        amount_minor=int(about["amount_total"]),
        currency=str(about["currency"]).upper(),
    )


def _card_of(charge: dict[str, Any], payment_intent: str) -> CardCharged | None:
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    if not card or not payment_intent:
        return None
    return CardCharged(
        charge=_short(str(charge["id"])),
        payment_intent=_short(payment_intent),
        card_brand=str(card.get("brand") or "")[:20],
        card_last4=str(card.get("last4") or "")[-4:],
    )
