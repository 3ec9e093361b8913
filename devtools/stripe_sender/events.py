"""
The menu: every event that can be sent, and the function that writes it.

Each takes a sale, and by keyword `api_version`, `created` (Unix time) and `event_id` besides what is its own.
"""

from collections.abc import Callable

from devtools.stripe_sender.checkout_events import (
    checkout_session_async_payment_failed,
    checkout_session_async_payment_succeeded,
    checkout_session_completed,
    checkout_session_expired,
)
from devtools.stripe_sender.dispute_events import charge_dispute_closed, charge_dispute_created
from devtools.stripe_sender.envelope import Event
from devtools.stripe_sender.payment_events import (
    charge_succeeded,
    payment_intent_amount_capturable_updated,
    payment_intent_canceled,
    payment_intent_created,
    payment_intent_payment_failed,
    payment_intent_processing,
    payment_intent_succeeded,
)
from devtools.stripe_sender.refund_events import (
    charge_refunded,
    refund_created,
    refund_failed,
    refund_updated,
)

MENU: dict[str, Callable[..., Event]] = {
    "payment_intent.created": payment_intent_created,
    "payment_intent.processing": payment_intent_processing,
    "payment_intent.amount_capturable_updated": payment_intent_amount_capturable_updated,
    "payment_intent.succeeded": payment_intent_succeeded,
    "payment_intent.payment_failed": payment_intent_payment_failed,
    "payment_intent.canceled": payment_intent_canceled,
    "charge.succeeded": charge_succeeded,
    "checkout.session.completed": checkout_session_completed,
    "checkout.session.async_payment_succeeded": checkout_session_async_payment_succeeded,
    "checkout.session.async_payment_failed": checkout_session_async_payment_failed,
    "checkout.session.expired": checkout_session_expired,
    "charge.refunded": charge_refunded,
    "refund.created": refund_created,
    "refund.updated": refund_updated,
    "refund.failed": refund_failed,
    "charge.dispute.created": charge_dispute_created,
    "charge.dispute.closed": charge_dispute_closed,
}

__all__ = [
    "MENU",
    "Event",
    "charge_dispute_closed",
    "charge_dispute_created",
    "charge_refunded",
    "charge_succeeded",
    "checkout_session_async_payment_failed",
    "checkout_session_async_payment_succeeded",
    "checkout_session_completed",
    "checkout_session_expired",
    "payment_intent_amount_capturable_updated",
    "payment_intent_canceled",
    "payment_intent_created",
    "payment_intent_payment_failed",
    "payment_intent_processing",
    "payment_intent_succeeded",
    "refund_created",
    "refund_failed",
    "refund_updated",
]
