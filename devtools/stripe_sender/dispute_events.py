"""
Events about a charge that the guest's bank disputes.
"""

from devtools.stripe_sender.api_version import CURRENT
from devtools.stripe_sender.envelope import Event, event
from devtools.stripe_sender.objects.dispute import dispute
from devtools.stripe_sender.sale import Sale


def charge_dispute_created(
    sale: Sale,
    *,
    amount: int | None = None,
    reason: str = "fraudulent",
    api_version: str = CURRENT,
    created: int | None = None,
    event_id: str | None = None,
) -> Event:
    """
    The bank took the money back and asks for evidence.
    """
    return about_dispute(
        sale,
        "created",
        status="needs_response",
        amount=amount,
        reason=reason,
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def charge_dispute_closed(
    sale: Sale,
    *,
    status: str = "lost",
    amount: int | None = None,
    reason: str = "fraudulent",
    api_version: str = CURRENT,
    created: int | None = None,
    event_id: str | None = None,
) -> Event:
    """
    The bank has decided: `lost` or `won`.
    """
    return about_dispute(
        sale,
        "closed",
        status=status,
        amount=amount,
        reason=reason,
        before={"status": "under_review"},
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def about_dispute(
    sale: Sale,
    happened: str,
    *,
    status: str,
    amount: int | None,
    reason: str,
    before: dict[str, object] | None = None,
    api_version: str,
    created: int | None,
    event_id: str | None,
) -> Event:
    disputed = dispute(
        sale,
        status=status,
        reason=reason,
        amount=sale.amount if amount is None else amount,
        created=sale.created if created is None else created,
        api_version=api_version,
    )
    return event(
        sale,
        type=f"charge.dispute.{happened}",
        about=disputed,
        before=before,
        created=created,
        api_version=api_version,
        event_id=event_id,
    )
