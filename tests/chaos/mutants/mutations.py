"""
What is done wrong in each mutant: one line of the product, as somebody might well have written it.
"""

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from celery import current_app
from django.db import transaction

from payments import inbox
from pipeline import claims, dispatcher, inside, lost_leases, promises, ticker
from pipeline.claims import Claim
from pos import tickets

WITHOUT_TRANSACTION = SimpleNamespace(atomic=nullcontext)
MINE = "AND state = 'running' AND lease_token = %(token)s"


def promise_without_a_key() -> None:
    """
    A promise is simply added, whether or not it is there already.
    """
    promises.PROMISE = without(promises.PROMISE, "ON CONFLICT (step, subject_id) DO NOTHING")


def end_without_a_fence() -> None:
    """
    Whoever has done the work says so, whether or not the row is still his.
    """
    claims.FINISH = without(claims.FINISH, MINE)
    claims.FAIL = without(claims.FAIL, MINE)


def count_attempts_afterwards() -> None:
    """
    An attempt counts once it has ended.
    """
    claims.CLAIM = changed(claims.CLAIM, "attempts = attempts + 1, ", "")
    claims.CLAIM = changed(claims.CLAIM, "order_id, attempts,", "order_id, attempts + 1,")
    claims.FINISH = changed(claims.FINISH, "state = 'done',", "state = 'done', attempts = attempts + 1,")
    claims.FAIL = changed(claims.FAIL, "lease_token = NULL,", "lease_token = NULL, attempts = attempts + 1,")


def publish_before_the_commit() -> None:
    """
    Rows are marked and messages published in one transaction, so that they "belong together".
    """
    dispatcher.dispatch = transaction.atomic(dispatcher.dispatch)


def send_each_message_once() -> None:
    """
    What was sent was sent: the broker will see to it.
    """
    dispatcher.TAKE = changed(
        dispatcher.TAKE, "state IN ('promised', 'sent', 'waiting')", "state IN ('promised', 'waiting')"
    )
    lost_leases.take_back = lambda: 0


def finish_in_a_transaction_of_its_own() -> None:
    """
    Done is committed, and then the effect.
    """
    inside.transaction = WITHOUT_TRANSACTION


def keep_the_event_in_a_transaction_of_its_own() -> None:
    """
    The event is committed, and then what follows from it.
    """
    inbox.transaction = WITHOUT_TRANSACTION


def never_tick() -> None:
    """
    Whoever makes something due nudges the dispatcher; that should do.
    """
    ticker.tick = lambda: None


def leave_retries_to_the_broker() -> None:
    """
    A failed step is tried again by a message with a countdown, as `self.retry` does it.
    """
    fail = Claim.fail

    def fail_and_count_down(self: Claim, subject: int, *, wait: float | None, **how: Any) -> bool:
        ended = fail(self, subject, wait=wait, **how)
        if wait is not None:
            message = {"args": (subject,), "countdown": wait, "ignore_result": True}
            current_app.tasks[self.step.name].apply_async(**message)
        return ended

    Claim.fail = fail_and_count_down
    dispatcher.TAKE = changed(
        dispatcher.TAKE, "state IN ('promised', 'sent', 'waiting')", "state IN ('promised', 'sent')"
    )


def send_without_a_note() -> None:
    """
    Nothing is committed before a request leaves: it will be noted when the answer is there.
    """
    Claim.mark_sending = lambda self: self.subjects


def use_a_new_key_each_time() -> None:
    """
    Each request has a fresh idempotency key.
    """
    pack = tickets._square_parcel

    def packed(ticket: Any) -> Any:
        parcel, key = pack(ticket), str(uuid.uuid4())
        return replace(
            parcel,
            order_body=parcel.order_body | {"idempotency_key": key},
            payment_body=parcel.payment_body | {"idempotency_key": f"{key}-paid"},
        )

    tickets._square_parcel = packed


def claim_what_others_hold() -> None:
    """
    Who has the message has the work.
    """
    claims.CLAIM = changed(
        claims.CLAIM, "state IN ('promised', 'sent')", "state IN ('promised', 'sent', 'running')"
    )


def without(statement: str, part: str) -> str:
    return changed(statement, part, "")


def changed(statement: str, part: str, other: str) -> str:
    """
    The statement with one part replaced; a part that is not there would make a mutant of nothing.
    """
    if statement.count(part) != 1:
        raise LookupError(f"{part!r} should stand once in:\n{statement}")
    return statement.replace(part, other)


BY_NAME: dict[str, Callable[[], None]] = {
    mutation.__name__: mutation
    for mutation in (
        promise_without_a_key,
        end_without_a_fence,
        count_attempts_afterwards,
        publish_before_the_commit,
        send_each_message_once,
        finish_in_a_transaction_of_its_own,
        keep_the_event_in_a_transaction_of_its_own,
        never_tick,
        leave_retries_to_the_broker,
        send_without_a_note,
        use_a_new_key_each_time,
        claim_what_others_hold,
    )
}
