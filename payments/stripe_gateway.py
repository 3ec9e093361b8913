"""
Whose signature is genuine, and what every event of Stripe's has.
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
def reading() -> Iterator[None]:
    """
    What lacks the facts that Stripe always sends is not from Stripe, whoever signed it.
    """
    try:
        yield
    except NotFromStripe:
        raise
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
        OSError,
        RecursionError,
    ) as trouble:
        raise NoEvent("The body is no event of Stripe's.") from trouble


@reading()
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


@reading()
def listed_event(read: dict[str, Any]) -> Event:
    """
    An event as the API lists it: over our own line to Stripe, so it needs no signature.
    """
    return _event(read)


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
        id=short(read["id"]),
        type=short(read["type"]),
        api_version=short(str(read.get("api_version") or "")),
        livemode=bool(read.get("livemode")),
        account=short(str(read.get("account") or "")),
        happened_at=datetime.fromtimestamp(int(read["created"]), UTC),
        object=about,
    )


def short(text: str) -> str:
    """
    The text, if it is no longer than the ids that Stripe makes.
    """
    if len(text) > 255 or "\x00" in text:  # noqa: PLR2004 - what our columns hold
        raise ValueError("An id of Stripe's is longer than Stripe makes them.")
    return text
