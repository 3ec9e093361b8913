"""
What Stripe has and we were not told: events that never came, and objects of which no event was ever made.

In rare cases Stripe makes no event at all (https://docs.stripe.com/webhooks/handle-irrecoverable-events), and a database
that was restored from a backup has forgotten events that Stripe delivered long ago. So objects are looked at, too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from payments.models import StripeEvent
from payments.stripe_gateway import Event, listed_event
from payments.untold import (
    Document,
    disputes_not_told,
    payments_not_told,
    refunds_not_told,
    sessions_not_told,
)

# In the order in which they are looked at, so that a refund finds its payment.
CARDS = ("charge.succeeded",)
MONEY = (
    "payment_intent.succeeded",
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "payment_intent.payment_failed",
)
REFUNDS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated", "charge.refunded")
DISPUTES = ("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed")


@dataclass(frozen=True, kw_only=True)
class Source:
    """
    One list of Stripe's: its address, what is asked besides the time, and which of a page's entries are news to us.
    """

    title: str
    path: str
    news: Callable[[list[Document]], Iterator[Event]]
    asked: dict[str, Any] = field(default_factory=dict)
    tells_when: bool = True  # or the news happen at the time at which we hear of them


def events_not_kept(page: list[Document]) -> Iterator[Event]:
    """
    Events that never came here; raises NotFromStripe for one that cannot be read.
    """
    kept = frozenset(
        StripeEvent.objects.filter(pk__in=[listed["id"] for listed in page]).values_list("pk", flat=True)
    )
    for listed in page:
        if listed["id"] not in kept:
            yield listed_event(listed)


SOURCES = (
    Source(title="events of cards", path="/v1/events", news=events_not_kept, asked={"types": CARDS}),
    Source(title="events of money", path="/v1/events", news=events_not_kept, asked={"types": MONEY}),
    Source(title="events of refunds", path="/v1/events", news=events_not_kept, asked={"types": REFUNDS}),
    Source(title="events of disputes", path="/v1/events", news=events_not_kept, asked={"types": DISPUTES}),
    Source(
        title="PaymentIntents",
        path="/v1/payment_intents",
        news=payments_not_told,
        asked={"expand": ["data.latest_charge"]},
    ),
    Source(
        title="Checkout Sessions",
        path="/v1/checkout/sessions",
        news=sessions_not_told,
        asked={"expand": ["data.payment_intent.latest_charge"]},
    ),
    Source(title="refunds", path="/v1/refunds", news=refunds_not_told, tells_when=False),
    Source(title="disputes", path="/v1/disputes", news=disputes_not_told, tells_when=False),
)
