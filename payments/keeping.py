"""
Keeping what Stripe told: each event once by its id, and which card was charged.
"""

import hashlib

from django.db import connection

from orders.models import Charge
from payments.facts import CardCharged
from payments.stripe_gateway import Event

# Waits for a delivery of the same event that is under way, so that a duplicate is answered only when the first is safe.
KEEP = """
INSERT INTO payments_stripeevent (event_id, type, api_version, livemode, account, happened_at, body_sha256,
                                  object_id, facts, state, because, tries)
VALUES (%(id)s, %(type)s, %(api_version)s, %(livemode)s, %(account)s, %(happened_at)s, %(sha256)s,
        %(object_id)s, '{}', 'ignored', '', 0)
ON CONFLICT (event_id) DO NOTHING
"""


def keep(event: Event, *, body: bytes) -> bool:
    """
    Keep the event, for the time being as ignored; False for one that is kept already.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            KEEP,
            {
                "id": event.id,
                "type": event.type,
                "api_version": event.api_version,
                "livemode": event.livemode,
                "account": event.account,
                "happened_at": event.happened_at,
                "sha256": hashlib.sha256(body).hexdigest(),
                "object_id": str(event.object.get("id") or "")[:255],
            },
        )
        return int(cursor.rowcount) == 1


def note_the_card(card: CardCharged | None) -> None:
    """
    Remember which card was charged, before or after its payment is known.
    """
    if card is not None:
        Charge.objects.update_or_create(
            stripe_id=card.charge,
            defaults={
                "payment_intent": card.payment_intent,
                "card_brand": card.card_brand,
                "card_last4": card.card_last4,
            },
        )
