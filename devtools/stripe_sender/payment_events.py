"""
Events about a PaymentIntent and its charge.
"""

from devtools.stripe_sender.api_version import CURRENT
from devtools.stripe_sender.envelope import Event, event
from devtools.stripe_sender.objects.charge import charge
from devtools.stripe_sender.objects.payment_intent import payment_intent
from devtools.stripe_sender.sale import Sale


def payment_intent_created(
    sale: Sale, *, api_version: str = CURRENT, created: int | None = None, event_id: str | None = None
) -> Event:
    """
    A payment was begun: no card tried yet.
    """
    return about_intent(
        sale,
        "created",
        status="requires_payment_method",
        attempted=False,
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def payment_intent_processing(
    sale: Sale, *, api_version: str = CURRENT, created: int | None = None, event_id: str | None = None
) -> Event:
    """
    The bank needs time.
    """
    return about_intent(
        sale, "processing", status="processing", api_version=api_version, created=created, event_id=event_id
    )


def payment_intent_amount_capturable_updated(
    sale: Sale, *, api_version: str = CURRENT, created: int | None = None, event_id: str | None = None
) -> Event:
    """
    The money is reserved and waits to be captured: nothing has been received.
    """
    return about_intent(
        sale,
        "amount_capturable_updated",
        status="requires_capture",
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def payment_intent_succeeded(
    sale: Sale,
    *,
    amount_received: int | None = None,
    api_version: str = CURRENT,
    created: int | None = None,
    event_id: str | None = None,
) -> Event:
    """
    The guest has paid: all of it, or `amount_received` after a partial capture.
    """
    return about_intent(
        sale,
        "succeeded",
        status="succeeded",
        amount_received=sale.amount if amount_received is None else amount_received,
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def payment_intent_payment_failed(
    sale: Sale, *, api_version: str = CURRENT, created: int | None = None, event_id: str | None = None
) -> Event:
    """
    The card was declined; the guest may try another one.
    """
    return about_intent(
        sale,
        "payment_failed",
        status="requires_payment_method",
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def payment_intent_canceled(
    sale: Sale, *, api_version: str = CURRENT, created: int | None = None, event_id: str | None = None
) -> Event:
    """
    The payment was given up.
    """
    return about_intent(
        sale, "canceled", status="canceled", api_version=api_version, created=created, event_id=event_id
    )


def charge_succeeded(
    sale: Sale, *, api_version: str = CURRENT, created: int | None = None, event_id: str | None = None
) -> Event:
    """
    The card was charged: the same payment as payment_intent.succeeded, told a second time.
    """
    return event(
        sale,
        type="charge.succeeded",
        about=charge(sale, created=sale.created, api_version=api_version),
        created=created,
        api_version=api_version,
        event_id=event_id,
    )


def about_intent(
    sale: Sale,
    happened: str,
    *,
    status: str,
    amount_received: int = 0,
    attempted: bool = True,
    api_version: str,
    created: int | None,
    event_id: str | None,
) -> Event:
    intent = payment_intent(
        sale,
        status=status,
        amount_received=amount_received,
        attempted=attempted,
        created=sale.created,
        api_version=api_version,
    )
    return event(
        sale,
        type=f"payment_intent.{happened}",
        about=intent,
        created=created,
        api_version=api_version,
        event_id=event_id,
    )
