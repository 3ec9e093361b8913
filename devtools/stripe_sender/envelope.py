"""
The Event around an object, as Stripe posts it.
"""

from typing import Any

from devtools.stripe_sender.sale import Sale, stripe_id

Event = dict[str, Any]


def event(
    sale: Sale,
    *,
    type: str,  # noqa: A002 - Stripe's word
    about: dict[str, Any],
    created: int | None,
    api_version: str,
    event_id: str | None,
    before: dict[str, Any] | None = None,
    occasion: str = "",
) -> Event:
    """
    Wrap an object. The id follows from the sale, the type and the occasion (such as the refund's number).
    """
    data = {"object": about} if before is None else {"object": about, "previous_attributes": before}
    path = (sale.payment_intent, type, occasion)
    owner = {} if sale.account is None else {"account": sale.account}
    return {
        "id": event_id or stripe_id("evt_3", *path),
        "object": "event",
        **owner,
        "api_version": api_version,
        "created": sale.created if created is None else created,
        "data": data,
        "livemode": sale.livemode,
        "pending_webhooks": 1,
        "request": {"id": stripe_id("req_", *path)[:18], "idempotency_key": None},
        "type": type,
    }
