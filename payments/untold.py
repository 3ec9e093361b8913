"""
What Stripe's objects say that no event has told us, written as the event that it would have been.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from orders.models import Dispute, DisputeStatus, Payment, Refund, RefundStatus
from payments.facts import DisputeTold, MoneyArrived, RefundTold
from payments.meanings import DISPUTE_ENDED, NOTHING_MORE_TO_PAY, REFUND_STATUS
from payments.models import StripeEvent
from payments.stripe_api import API_VERSION
from payments.stripe_gateway import Event

Document = dict[str, Any]


def payments_not_told(page: list[Document]) -> Iterator[Event]:
    """
    PaymentIntents that brought money of which no event has told us.
    """
    paid = [intent for intent in page if intent["status"] == "succeeded"]
    told = {*_told(paid), *_paid(_ids(paid))}
    for intent in paid:
        if intent["id"] not in told:
            charge = intent.get("latest_charge")
            at = charge["created"] if isinstance(charge, dict) else intent["created"]
            yield _as_event(intent, type_="payment_intent.succeeded", status=intent["status"], created=at)


def sessions_not_told(page: list[Document]) -> Iterator[Event]:
    """
    Checkout Sessions that are paid, of which neither an event nor their PaymentIntent has told us.
    """
    complete = [
        one for one in page if one["status"] == "complete" and one["payment_status"] in NOTHING_MORE_TO_PAY
    ]
    paid = [one | {"payment_intent": _id_of(one["payment_intent"])} for one in complete]
    paid_at = {one["id"]: _paid_at(one) for one in complete}
    booked = _paid(session["payment_intent"] or session["id"] for session in paid)
    received = _told(paid, by="payment_intent")
    told = _told(paid)
    for session in paid:
        intent = session["payment_intent"]
        if session["id"] not in told and (intent or session["id"]) not in booked:
            # A Session that is paid tells what was asked, also where less was captured.
            amount = received.get(intent, session["amount_total"])
            yield _as_event(
                session | {"amount_total": amount},
                type_="checkout.session.completed",
                status=session["payment_status"],
                created=paid_at[session["id"]],
            )


def refunds_not_told(page: list[Document]) -> Iterator[Event]:
    """
    Refunds that stand further than we know: begun, arrived or failed without an event that told so.
    """
    ours = [refund for refund in page if refund.get("payment_intent")]
    known = _furthest(Refund.objects.filter(stripe_id__in=_ids(ours)).values_list("stripe_id", "status"))
    kept = StripeEvent.telling(RefundTold.__name__, of=_ids(ours))
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


def disputes_not_told(page: list[Document]) -> Iterator[Event]:
    """
    Disputes of which no event has told, or not how they ended.
    """
    ours = [dispute for dispute in page if dispute.get("payment_intent")]
    known = set(Dispute.objects.filter(stripe_id__in=_ids(ours)).values_list("stripe_id", "status"))
    kept = StripeEvent.telling(DisputeTold.__name__, of=_ids(ours))
    known |= set(kept.values_list("object_id", "facts__status"))
    begun = {dispute for dispute, _status in known}
    for dispute in ours:
        status = DISPUTE_ENDED.get(dispute["status"], DisputeStatus.OPEN)
        news = (
            dispute["id"] not in begun
            if status == DisputeStatus.OPEN
            else (dispute["id"], status) not in known
        )
        if news:
            ended = status != DisputeStatus.OPEN  # when, it does not say: now that we hear of it
            yield _as_event(
                dispute,
                type_="charge.dispute.closed" if ended else "charge.dispute.created",
                status=dispute["status"],
                created=int(time.time()) if ended else dispute["created"],
            )


def _id_of(expanded: Document | str | None) -> str | None:
    return expanded["id"] if isinstance(expanded, dict) else expanded


def _paid_at(session: Document) -> int:
    # A Session is created when the guest is sent to pay; when the money came, only its charge says.
    intent = session["payment_intent"]
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    return int(charge["created"] if isinstance(charge, dict) else session["created"])


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


def _told(objects: list[Document], *, by: str = "id") -> dict[str, int]:
    """
    By the object (or the PaymentIntent of each) how much money an event about it has told of, in minor units.
    """
    told = StripeEvent.telling(MoneyArrived.__name__, of=[one[by] for one in objects])
    return dict(told.values_list("object_id", "facts__amount_minor"))


def _paid(payment_intents: Iterable[str]) -> frozenset[str]:
    paid = Payment.objects.filter(payment_intent__in=list(payment_intents))
    return frozenset(paid.values_list("payment_intent", flat=True))


def _ids(page: list[Document]) -> list[str]:
    return [one["id"] for one in page]
