"""
The common case in one statement: the payment that an order waits for, told for the first time.

It does what `inbox` and `services` do step by step, or nothing at all; then they find out why. That both leave the same rows
is tested (payments/tests/test_at_once.py), and docs/decisions/0012 says what it gains.
"""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from psycopg.types.json import Jsonb

from payments.facts import Meaning, MoneyArrived, as_facts
from payments.keeping import KEEP_FROM, as_kept
from payments.matching import reference_of
from payments.stripe_gateway import Event
from pipeline.nudge import nudge
from pipeline.promises import PROMISE_ABOUT, wanted
from pipeline.statements import prepared
from pipeline.steps import Subject, menu

# The order's lock comes first: whoever waits for it looks at the order again, and finds it paid. What somebody else told
# before and waits for this payment, and a database that was restored after it, want to be looked at by the longer way.
PAY = f"""
WITH fitting AS (
    SELECT o.id AS order_id, %(facts)s::jsonb AS facts, 'handled' AS state
      FROM orders_order o
     WHERE o.public_id = %(reference)s AND o.status = 'pending_payment'
       AND o.total_minor = %(amount)s::bigint AND o.currency = %(currency)s
       AND NOT EXISTS (SELECT FROM orders_payment p WHERE p.payment_intent = %(payment)s)
       AND NOT EXISTS (SELECT FROM payments_stripeevent waiting
                        WHERE waiting.state = 'unmatched' AND waiting.facts->>'payment_intent' = %(payment)s)
       AND NOT EXISTS (SELECT FROM pipeline_databasemark WHERE released_at > %(happened_at)s)
       FOR NO KEY UPDATE OF o),
kept AS ({KEEP_FROM.format(source="fitting")} RETURNING order_id),
paid AS (
    UPDATE orders_order o SET status = 'paid', paid_at = %(happened_at)s, review_reason = ''
      FROM kept WHERE o.id = kept.order_id
    RETURNING o.id AS order_id, o.id AS subject_id, o.total_minor, o.currency),
payment AS (
    INSERT INTO orders_payment (order_id, payment_intent, amount_minor, currency, livemode, paid_at, created_at)
    SELECT order_id, %(payment)s, total_minor, currency, %(livemode)s, %(happened_at)s, clock_timestamp() FROM paid),
promised AS ({PROMISE_ABOUT.format(about="paid")})
SELECT order_id FROM paid
"""  # noqa: S608 - put together from statements of our own


def pay_at_once(event: Event, told: Meaning | None, *, body: bytes) -> bool:
    """
    Keep the event, mark its order as paid and promise what follows, all or nothing; False where nothing was done.
    """
    if not isinstance(told, MoneyArrived) or not _is_ours(event) or (reference := reference_of(told)) is None:
        return False
    values = {
        **as_kept(event, body=body),
        **wanted(menu.about(Subject.ORDER)),
        "reference": reference,
        "amount": told.amount_minor,
        "currency": told.currency,
        "payment": told.payment_intent,
        "facts": Jsonb(as_facts(told)),
    }
    if not _was_paid(values):
        return False
    transaction.on_commit(nudge)
    return True


def _is_ours(event: Event) -> bool:
    return event.account in ("", settings.STRIPE_ACCOUNT) and event.livemode == settings.STRIPE_LIVEMODE


def _was_paid(values: dict[str, Any]) -> bool:
    try:
        return bool(prepared(PAY, **values))
    except IntegrityError:  # the same payment is just paying another order
        return False
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        # A line that broke since the last request. If the statement was committed all the same, the event is known now.
        connection.close()
        return bool(prepared(PAY, **values))
