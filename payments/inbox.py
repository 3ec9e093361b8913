"""
Stripe's events: kept once, handled once, and tried again where their order was not there yet.
"""

from datetime import timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models.fields.json import KT
from django.db.models.functions import Now

from payments import matching
from payments.at_once import pay_at_once
from payments.booked import Booked
from payments.disputes import book_dispute
from payments.facts import (
    DisputeTold,
    Meaning,
    MoneyArrived,
    MoneyFailed,
    RefundedSoFar,
    RefundTold,
    as_facts,
    from_facts,
)
from payments.keeping import keep, note_the_card
from payments.meanings import card_charged, meaning
from payments.models import StripeEvent
from payments.refunds import book_refund, book_refunded_so_far
from payments.services import PaymentSucceeded, mark_order_as_paid
from payments.stripe_gateway import Event
from pipeline import journal
from pipeline.crash_points import Point, crash_point

FIRST_RETRY_SECONDS = 5
DOUBLINGS = 10  # 5 s, 10 s, … and at most about an hour and a half
TRIES = 60  # about three days, as long as Stripe itself would go on
RETRY_AT_ONCE = 20
PUT_OFF = timedelta(hours=1)
PUT_OFF_BRIEFLY = timedelta(seconds=30)
BOOKED_AS = {
    Booked.DONE: StripeEvent.State.HANDLED,
    Booked.KNOWN: StripeEvent.State.CONFIRMED,
    Booked.NOTED: StripeEvent.State.NOTED,
    Booked.IN_REVIEW: StripeEvent.State.IN_REVIEW,
    Booked.TOO_EARLY: StripeEvent.State.UNMATCHED,
}
NO_ORDER = "no order of ours has this reference, PaymentIntent or Session"
NOT_YET = "the payment (or refund) that it builds on has not been told yet"


def receive(event: Event, *, body: bytes) -> bool:
    """
    Keep the event and do what follows from it, all or nothing; False for one that we have already.
    """
    card, told = card_charged(event), meaning(event)
    if card is None and pay_at_once(event, told, body=body):
        return True
    with transaction.atomic():
        if not keep(event, body=body):
            return False
        crash_point(Point.EVENT_KEPT)
        if told is not None and event.account not in ("", settings.STRIPE_ACCOUNT):
            _put_aside(event, because=f"of another account: {event.account}")
            return True
        note_the_card(card)
        if told is not None:
            kept = StripeEvent.objects.get(pk=event.id)
            kept.facts = as_facts(told)
            _book(kept, told)
        crash_point(Point.PROMISED)
    return True


def retry_unmatched() -> int:
    """
    Handle again what named an order that was not there yet; returns how many are booked now.

    An event that cannot be handled is put off and said; it stops neither the others nor the caller.
    """
    due = StripeEvent.objects.filter(retry_at__lte=Now()).order_by("retry_at").values_list("pk", flat=True)
    return sum(_retry(event_id) for event_id in list(due[:RETRY_AT_ONCE]))


def _retry(event_id: str) -> bool:
    try:
        with transaction.atomic():
            _wait_for_locks_briefly()
            kept = _lock_due(event_id)
            if kept is None:  # another dispatcher was quicker
                return False
            crash_point(Point.UNMATCHED_LOCKED)
            _book(kept, from_facts(kept.facts))
            crash_point(Point.UNMATCHED_BOOKED)
            return kept.state != StripeEvent.State.UNMATCHED
    except Exception as trouble:
        if isinstance(trouble, OperationalError) and not connection.is_usable():
            raise
        # An order that is locked just now will not be for long; anything else wants a person.
        wait = PUT_OFF_BRIEFLY if isinstance(trouble, OperationalError) else PUT_OFF
        # Only if it still waits: while we stood still, another dispatcher may have handled it.
        due = StripeEvent.objects.filter(pk=event_id, retry_at__lte=Now())
        due.update(retry_at=Now() + wait, because=type(trouble).__name__)
        journal.record("event.put_off", event_id=event_id, trouble=trouble)
        return False


def _wait_for_locks_briefly() -> None:
    # The dispatcher calls this: it has others to serve.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '1s'")


def _lock_due(event_id: str) -> StripeEvent | None:
    due = StripeEvent.objects.select_for_update(skip_locked=True).filter(pk=event_id, retry_at__lte=Now())
    return due.first()


def _put_aside(event: Event, *, because: str) -> None:
    # Somebody else's money may name an order of ours: it is shown, and touches nothing.
    kept = StripeEvent.objects.filter(pk=event.id)
    kept.update(state=StripeEvent.State.IN_REVIEW, because=because[:200])


def _book(kept: StripeEvent, told: Meaning) -> None:
    order_id = matching.order_of(told)
    booked = _without_an_order(told) if order_id is None else _booked(order_id, kept, told)
    kept.order_id, kept.state, kept.because, kept.retry_at = order_id, BOOKED_AS[booked], "", None
    if booked is Booked.TOO_EARLY:
        _try_again_later(kept)
    kept.save()
    if booked is Booked.DONE:
        _book_what_waited_for(told)


def _without_an_order(told: Meaning) -> Booked:
    # What did not come need not be looked for.
    return Booked.NOTED if isinstance(told, MoneyFailed) else Booked.TOO_EARLY


def _booked(order_id: int, kept: StripeEvent, told: Meaning) -> Booked:
    match told:
        case MoneyArrived():
            return mark_order_as_paid(order_id=order_id, payment=_payment(kept, told))
        case MoneyFailed():
            journal.record("payment.failed", event_id=kept.event_id, type=kept.type, order_id=order_id)
            return Booked.NOTED
        case RefundTold():
            return book_refund(order_id=order_id, told=told, told_at=kept.happened_at)
        case RefundedSoFar():
            return book_refunded_so_far(order_id=order_id, told=told, told_at=kept.happened_at)
        case DisputeTold():
            return book_dispute(order_id=order_id, told=told, told_at=kept.happened_at)


def _try_again_later(kept: StripeEvent) -> None:
    kept.because = NO_ORDER if kept.order_id is None else NOT_YET
    wait = timedelta(seconds=FIRST_RETRY_SECONDS * 2 ** min(kept.tries, DOUBLINGS))
    kept.tries += 1
    kept.retry_at = Now() + wait if kept.tries <= TRIES else None


def _book_what_waited_for(told: Meaning) -> None:
    """
    Book the refunds that were told before their payment. Who holds one of them already waits for our order.
    """
    # In the words of its index.
    waiting = (
        StripeEvent.objects.select_for_update(skip_locked=True)
        .alias(about=KT("facts__payment_intent"))
        .filter(state=StripeEvent.State.UNMATCHED, about=told.payment_intent)
    )
    for kept in waiting.order_by("happened_at", "pk"):
        _book(kept, from_facts(kept.facts))


def _payment(kept: StripeEvent, money: MoneyArrived) -> PaymentSucceeded:
    return PaymentSucceeded(
        payment_intent=money.payment_intent,
        amount_minor=money.amount_minor,
        currency=money.currency,
        livemode=kept.livemode,
        happened_at=kept.happened_at,
        asked_minor=money.asked_minor,
    )
