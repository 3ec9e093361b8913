"""
Keeping what Stripe told: each event once by its id, and which card was charged.
"""

import hashlib
from typing import Any

from django.db import connection

from orders.models import Charge
from payments.facts import CardCharged
from payments.stripe_gateway import Event

# To be part of a larger statement, too: `source` gives the rest. It waits for a delivery of the same event that is under
# way, so that a duplicate is answered only when the first is safe.
KEEP_FROM = """
INSERT INTO payments_stripeevent (event_id, type, api_version, livemode, account, happened_at, body_sha256,
                                  object_id, because, tries, facts, state, order_id)
SELECT %(id)s, %(type)s, %(api_version)s, %(livemode)s, %(account)s, %(happened_at)s, %(sha256)s,
       %(object_id)s, '', 0, facts, state, order_id
  FROM {source}
ON CONFLICT (event_id) DO NOTHING
"""
KEEP = KEEP_FROM.format(
    source="(SELECT '{}'::jsonb, 'ignored', NULL::bigint) AS so_far(facts, state, order_id)"
)


def keep(event: Event, *, body: bytes) -> bool:
    """
    Keep the event, for the time being as ignored; False for one that is kept already.
    """
    with connection.cursor() as cursor:
        cursor.execute(KEEP, as_kept(event, body=body))
        return int(cursor.rowcount) == 1


def as_kept(event: Event, *, body: bytes) -> dict[str, Any]:
    """
    The event as KEEP_FROM wants to be told it.
    """
    return {
        "id": event.id,
        "type": event.type,
        "api_version": event.api_version,
        "livemode": event.livemode,
        "account": event.account,
        "happened_at": event.happened_at,
        "sha256": hashlib.sha256(body).hexdigest(),
        "object_id": str(event.object.get("id") or "")[:255],
    }


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
