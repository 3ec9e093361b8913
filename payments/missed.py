"""
What Stripe has and we were not told: events that never came, and objects of which no event was ever made.

In rare cases Stripe makes no event at all (https://docs.stripe.com/webhooks/handle-irrecoverable-events), and a database
that was restored from a backup has forgotten events that Stripe delivered long ago. So objects are looked at, too.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from orders.models import Payment, Refund, RefundStatus
from payments.meanings import NOTHING_MORE_TO_PAY, REFUND_STATUS, RefundTold
from payments.models import StripeEvent
from payments.stripe_api import API_VERSION
from payments.stripe_gateway import Event, NotFromStripe, listed_event
from pipeline import journal

Document = dict[str, Any]

# In the order in which they are looked at, so that a refund finds its payment.
CARDS = ("charge.succeeded",)
MONEY = (
    "payment_intent.succeeded",
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
)
REFUNDS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated", "charge.refunded")


@dataclass(frozen=True, kw_only=True)
class Source:
    """
    One list of Stripe's: its address, what is asked besides the time, and which of a page's entries are news to us.
    """

    title: str
    path: str
    news: Callable[[list[Document]], Iterator[Event]]
    asked: dict[str, Any] = field(default_factory=dict)

    @property
    def lists_events(self) -> bool:
        return self.path == "/v1/events"


def events_not_kept(page: list[Document]) -> Iterator[Event]:
    """
    Events that never came here.
    """
    kept = frozenset(StripeEvent.objects.filter(pk__in=_ids(page)).values_list("pk", flat=True))
    for listed in page:
        if listed["id"] not in kept:
            try:
                yield listed_event(listed)
            except NotFromStripe as trouble:
                journal.record("event.unreadable", event_id=listed["id"], trouble=trouble)


def payments_not_told(page: list[Document]) -> Iterator[Event]:
    """
    PaymentIntents that brought money of which no event has told us.
    """
    paid = [intent for intent in page if intent["status"] == "succeeded"]
    told = _told(paid) | _paid(_ids(paid))
    for intent in paid:
        if intent["id"] not in told:
            charge = intent.get("latest_charge")
            at = charge["created"] if isinstance(charge, dict) else intent["created"]
            yield _as_event(intent, type_="payment_intent.succeeded", status=intent["status"], created=at)


def sessions_not_told(page: list[Document]) -> Iterator[Event]:
    """
    Checkout Sessions that are paid, of which neither an event nor their PaymentIntent has told us.
    """
    paid = [
        one for one in page if one["status"] == "complete" and one["payment_status"] in NOTHING_MORE_TO_PAY
    ]
    booked = _paid(session["payment_intent"] or session["id"] for session in paid)
    told = _told(paid)
    for session in paid:
        if session["id"] not in told and (session["payment_intent"] or session["id"]) not in booked:
            yield _as_event(
                session,
                type_="checkout.session.completed",
                status=session["payment_status"],
                created=session["created"],
            )


def refunds_not_told(page: list[Document]) -> Iterator[Event]:
    """
    Refunds that stand further than we know: begun, arrived or failed without an event that told so.
    """
    ours = [refund for refund in page if refund.get("payment_intent")]
    known = _furthest(Refund.objects.filter(stripe_id__in=_ids(ours)).values_list("stripe_id", "status"))
    kept = StripeEvent.objects.filter(object_id__in=_ids(ours), facts__means=RefundTold.__name__)
    told = _furthest(kept.values_list("object_id", "facts__status"))
    for refund in ours:
        status = REFUND_STATUS.get(refund["status"], RefundStatus.PENDING)
        if _rank(status) > max(known.get(refund["id"], -1), told.get(refund["id"], -1)):
            failed = status == RefundStatus.FAILED  # when, it does not say: now that we hear of it
            yield _as_event(
                refund,
                type_="refund.failed" if failed else "refund.updated",
                status=refund["status"],
                created=int(time.time()) if failed else refund["created"],
            )


def _furthest(told: Iterable[tuple[str, str]]) -> dict[str, int]:
    furthest: dict[str, int] = {}
    for refund, status in told:
        furthest[refund] = max(_rank(status), furthest.get(refund, -1))
    return furthest


def _rank(status: str) -> int:
    return RefundStatus.values.index(status)


def _as_event(about: Document, *, type_: str, status: str, created: int) -> Event:
    """
    What the object says, as an event that anybody can see is not Stripe's own.
    """
    return Event(
        id=f"reconciled:{about['id']}:{status}",
        type=type_,
        api_version=API_VERSION or "",
        livemode=bool(about.get("livemode", settings.STRIPE_LIVEMODE)),  # a refund does not say
        account=settings.STRIPE_ACCOUNT,
        happened_at=datetime.fromtimestamp(created, UTC),
        object=about,
    )


def _told(objects: list[Document]) -> frozenset[str]:
    # What was ignored told nothing about money: payment_intent.created, or a session that was not paid yet.
    told = StripeEvent.objects.filter(object_id__in=_ids(objects)).exclude(state=StripeEvent.State.IGNORED)
    return frozenset(told.values_list("object_id", flat=True))


def _paid(payment_intents: Iterable[str]) -> frozenset[str]:
    paid = Payment.objects.filter(payment_intent__in=list(payment_intents))
    return frozenset(paid.values_list("payment_intent", flat=True))


def _ids(page: list[Document]) -> list[str]:
    return [one["id"] for one in page]


SOURCES = (
    Source(title="events of cards", path="/v1/events", news=events_not_kept, asked={"types": CARDS}),
    Source(title="events of money", path="/v1/events", news=events_not_kept, asked={"types": MONEY}),
    Source(title="events of refunds", path="/v1/events", news=events_not_kept, asked={"types": REFUNDS}),
    Source(
        title="PaymentIntents",
        path="/v1/payment_intents",
        news=payments_not_told,
        asked={"expand": ["data.latest_charge"]},
    ),
    Source(title="Checkout Sessions", path="/v1/checkout/sessions", news=sessions_not_told),
    Source(title="refunds", path="/v1/refunds", news=refunds_not_told),
)
