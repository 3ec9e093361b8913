"""
What guests do: one list of habits. The rest of a run's load follows from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from devtools.stripe_sender import Sale, events
from devtools.stripe_sender.envelope import Event

BRINGS_MONEY = (
    "payment_intent.succeeded",
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
)


@dataclass(frozen=True, kw_only=True)
class Guest:
    """
    One order from outside: what Stripe knows of it, and who will refuse it for good ("", "till" or "mailbox").
    """

    reference: str
    amount: int  # minor units
    currency: str
    refused_by: str = ""

    def sale(self) -> Sale:
        return Sale.of(order_reference=self.reference, amount=self.amount, currency=self.currency)


def walks_away(sale: Sale) -> list[Event]:
    return [events.payment_intent_created(sale), events.payment_intent_payment_failed(sale)]


def lets_the_checkout_expire(sale: Sale) -> list[Event]:
    return [events.payment_intent_created(sale), events.checkout_session_expired(sale)]


def pays_by_card(sale: Sale) -> list[Event]:
    return [
        events.payment_intent_created(sale),
        events.charge_succeeded(sale),
        events.payment_intent_succeeded(sale),
    ]


def pays_at_a_checkout(sale: Sale) -> list[Event]:
    return [
        events.payment_intent_created(sale),
        events.payment_intent_succeeded(sale),
        events.checkout_session_completed(sale),
        events.charge_succeeded(sale),
    ]


def pays_with_the_second_card(sale: Sale) -> list[Event]:
    return [
        events.payment_intent_created(sale),
        events.payment_intent_payment_failed(sale),
        events.payment_intent_processing(sale),
        events.charge_succeeded(sale),
        events.payment_intent_succeeded(sale),
    ]


def pays_by_bank(sale: Sale) -> list[Event]:
    return [
        events.checkout_session_completed(sale, payment_status="unpaid"),
        events.payment_intent_processing(sale),
        events.checkout_session_async_payment_succeeded(sale),
        events.payment_intent_succeeded(sale),
    ]


def changes_one_dish(sale: Sale) -> list[Event]:
    part = sale.amount // 3
    return [
        *pays_by_card(sale),
        events.refund_created(sale, amount=part, status="pending"),
        events.refund_updated(sale, amount=part),
    ]


def sends_two_dishes_back(sale: Sale) -> list[Event]:
    part = sale.amount // 4
    return [
        *pays_at_a_checkout(sale),
        events.refund_created(sale, amount=part, number=1),
        events.refund_created(sale, amount=part, number=2),
    ]


def cancels_everything(sale: Sale) -> list[Event]:
    return [*pays_by_card(sale), events.refund_created(sale), events.charge_refunded(sale)]


def cancels_and_the_bank_sends_it_back(sale: Sale) -> list[Event]:
    return [*pays_by_card(sale), events.refund_created(sale), events.refund_failed(sale)]


def disputes(sale: Sale) -> list[Event]:
    return [*pays_by_card(sale), events.charge_dispute_created(sale), events.charge_dispute_closed(sale)]


@dataclass(frozen=True, kw_only=True)
class Habit:
    """
    What one in so many guests does, as the events that Stripe sends about it.
    """

    share: float
    does: Callable[[Sale], list[Event]]
    pays: bool = True


HABITS = (
    Habit(share=0.42, does=pays_by_card),
    Habit(share=0.16, does=pays_at_a_checkout),
    Habit(share=0.12, does=pays_with_the_second_card),
    Habit(share=0.08, does=pays_by_bank),
    Habit(share=0.06, does=changes_one_dish),
    Habit(share=0.03, does=sends_two_dishes_back),
    Habit(share=0.04, does=cancels_everything),
    Habit(share=0.03, does=cancels_and_the_bank_sends_it_back),
    Habit(share=0.02, does=disputes),
    Habit(share=0.02, does=walks_away, pays=False),
    Habit(share=0.02, does=lets_the_checkout_expire, pays=False),
)


def habits_of(guests: Sequence[Guest], *, seed: int) -> dict[str, Habit]:
    """
    What each guest does, by reference. Who is refused for good pays: that is what shall be seen to be buried.
    """
    chance = Random(f"{seed}/habits")
    drawn = chance.choices(HABITS, weights=[habit.share for habit in HABITS], k=len(guests))
    return {
        guest.reference: HABITS[0] if guest.refused_by else habit
        for guest, habit in zip(guests, drawn, strict=True)
    }


def comes_later(event: Event) -> bool:
    """
    Is this about money that went, or shall go, back?
    """
    return event["type"].startswith(("refund.", "charge.refunded", "charge.dispute"))


def brings_money(event: Event) -> bool:
    """
    Does this event, if it is taken, pay its order?
    """
    unpaid = event["data"]["object"].get("payment_status") == "unpaid"
    return event["type"] in BRINGS_MONEY and not unpaid
