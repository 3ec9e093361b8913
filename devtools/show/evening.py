"""
The evening: Stripe's deliveries, one paid order after the other, some twice, some in the wrong order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from devtools.show.pizza_place import PastOrder
from devtools.stripe_sender import Delivery, DeliveryPlan, Sale, Sender, make_plan
from devtools.stripe_sender.api_version import CURRENT
from devtools.stripe_sender.delivery import Summary
from devtools.stripe_sender.events import (
    charge_succeeded,
    checkout_session_completed,
    payment_intent_succeeded,
)
from orders.models import Order

CARDS = (("visa", "4242"), ("mastercard", "4444"), ("amex", "0005"))
API_VERSIONS = ("2022-08-01", CURRENT)
DOUBLED_SHARE = 0.25
SHUFFLED_PLACES = 6
SEED = 20151127


@dataclass(frozen=True, kw_only=True)
class Evening:
    """
    Everything Stripe is going to say, in the order in which it says it.
    """

    plan: DeliveryPlan

    @classmethod
    def of(cls, orders: Sequence[Order], past: Sequence[PastOrder], *, lasts_seconds: float) -> "Evening":
        """
        Three events tell of every order: its charge, its PaymentIntent, and for every second one its checkout.
        """
        events = [
            event
            for n, (order, then) in enumerate(zip(orders, past, strict=True))
            for event in _events(n, order, then)
        ]
        plan = make_plan(events, seed=SEED, duplicates=DOUBLED_SHARE, shuffled=SHUFFLED_PLACES)
        gap = lasts_seconds / len(plan.deliveries)
        paced = tuple(replace(one, after_seconds=n * gap) for n, one in enumerate(plan.deliveries))
        return cls(plan=DeliveryPlan(deliveries=paced))

    def take_place(self, *, url: str, secret: str, heard: Callable[[Delivery], None]) -> Summary:
        """
        Deliver it all, as stubbornly as Stripe does.
        """
        with Sender(url, secrets=[secret]) as sender:
            return sender.deliver(self.plan, concurrency=4, on_delivery=heard, until_accepted=120)


def _events(n: int, order: Order, then: PastOrder) -> list[dict[str, object]]:
    brand, last4 = CARDS[n % len(CARDS)]
    sale = Sale.of(
        order_reference=str(order.public_id),
        amount=order.total_minor,
        currency=order.currency,
        card_brand=brand,
        card_last4=last4,
        created=int(then.at.timestamp()),
    )
    version = API_VERSIONS[n % len(API_VERSIONS)]
    told = [charge_succeeded(sale, api_version=version), payment_intent_succeeded(sale, api_version=version)]
    return told if n % 2 else [*told, checkout_session_completed(sale, api_version=version)]
