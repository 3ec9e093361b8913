"""
Events about a Checkout Session.
"""

from devtools.stripe_sender.api_version import CURRENT
from devtools.stripe_sender.envelope import Event, event
from devtools.stripe_sender.objects.checkout_session import checkout_session
from devtools.stripe_sender.sale import Sale


def checkout_session_completed(
    sale: Sale,
    *,
    payment_status: str = "paid",
    api_version: str = CURRENT,
    created: int | None = None,
    event_id: str | None = None,
) -> Event:
    """
    The guest left the payment page for good: `paid`, or `unpaid` when the bank takes days (SEPA).
    """
    return about_session(
        sale,
        "completed",
        status="complete",
        payment_status=payment_status,
        paid_by="card" if payment_status == "paid" else "sepa_debit",
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def checkout_session_async_payment_succeeded(
    sale: Sale, *, api_version: str = CURRENT, created: int | None = None, event_id: str | None = None
) -> Event:
    """
    The bank has sent the money after all.
    """
    return about_session(
        sale,
        "async_payment_succeeded",
        status="complete",
        payment_status="paid",
        paid_by="sepa_debit",
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def checkout_session_async_payment_failed(
    sale: Sale, *, api_version: str = CURRENT, created: int | None = None, event_id: str | None = None
) -> Event:
    """
    The bank will not send the money.
    """
    return about_session(
        sale,
        "async_payment_failed",
        status="complete",
        payment_status="unpaid",
        paid_by="sepa_debit",
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def checkout_session_expired(
    sale: Sale, *, api_version: str = CURRENT, created: int | None = None, event_id: str | None = None
) -> Event:
    """
    The guest never came back to the payment page.
    """
    return about_session(
        sale,
        "expired",
        status="expired",
        payment_status="unpaid",
        paid_by="card",
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def about_session(
    sale: Sale,
    happened: str,
    *,
    status: str,
    payment_status: str,
    paid_by: str,
    api_version: str,
    created: int | None,
    event_id: str | None,
) -> Event:
    session = checkout_session(
        sale,
        status=status,
        payment_status=payment_status,
        paid_by=paid_by,
        created=sale.created,
        api_version=api_version,
    )
    return event(
        sale,
        type=f"checkout.session.{happened}",
        about=session,
        created=created,
        api_version=api_version,
        event_id=event_id,
    )
