"""
Everything the pipeline says, in one place: events with constant names, facts as fields, ids only.

A line about a step names the step, its order (or orders), the number of the attempt where there was one, and the Celery
task in which it was said, so that one order's way can be followed through the logs of all workers.
"""

import logging
import re
from collections.abc import Collection
from enum import Enum

from celery import current_task

from pipeline.steps import Attempt, Step, Subject

logger = logging.getLogger("rms.pipeline")

WARNINGS = frozenset(
    {
        "step.failed", "step.buried", "step.lease_lost", "step.sent_again", "step.finish_refused", "step.abandoned",
        "step.postponed", "dispatch.not_published", "dispatch.held", "nudge.not_sent", "tick.not_sent", "event.put_off",
        "heartbeat.not_written", "delivery.rejected", "message.unreadable", "event.missed", "event.unreadable", "reconciliation.broken_off",
    }
)  # fmt: skip
KNOWN = WARNINGS | frozenset(
    {
        "step.done", "step.not_claimed", "step.revived", "step.discarded",
        "step.handed_back", "step.skipped", "step.reinstated", "batch.taken_apart", "dispatch.published", "lane.paused", "lane.resumed",
        "database.released", "reconciliation.done", "payment.failed", "old_runs.forgotten",
        "step.sent_on_request",
        "message.published", "message.received", "message.started", "message.done", "message.tried_again",
        "message.failed", "message.revoked",
    }
)  # fmt: skip
TOLD_IN_FULL = frozenset({"step.buried", "event.put_off"})
MOST_IDS = 100  # as many orders as travel in one message
# Bounded, as addresses are: without it, a long line without a blank would take the square of its length.
_ADDRESS = re.compile(r"[^\s<>\"'@]{1,64}@[^\s<>\"'@]{1,255}")
_SECRET = re.compile(r"\b(?:sk|rk|whsec|pk)_[A-Za-z0-9_]+")
_PHONE = re.compile(r"\+?\d[\d ()/.-]{8,30}\d")


def record(event: str, **facts: object) -> None:
    """
    Say that something happened. Pass `trouble=exception` for its traceback.
    """
    if event not in KNOWN:
        raise ValueError(f"{event!r} is not an event of the journal. Add it to pipeline/journal.py.")
    trouble = facts.pop("trouble", None)
    level = logging.WARNING if event in WARNINGS else logging.INFO
    if not logger.isEnabledFor(level):
        return
    facts.setdefault("task_id", current_task.request.id if current_task else None)
    shown = {name: _shown(value) for name, value in facts.items() if value is not None}
    logger.log(level, event, extra={"facts": shown}, exc_info=_worth_a_traceback(event, trouble))


def tried(step: Step, attempts: Collection[Attempt]) -> dict[str, object]:
    """
    The facts that say which attempts a line is about: step, order_id and attempt, or order_ids and their attempts.
    """
    orders = [attempt.order_id for attempt in attempts]
    numbers = [attempt.number for attempt in attempts]
    if len(orders) == 1:
        return {"step": step.name, "order_id": orders[0], "attempt": numbers[0]}
    if len(set(numbers)) == 1:
        return {"step": step.name, "order_ids": orders, "attempt": numbers[0]}
    return {"step": step.name, "order_ids": orders, "attempts": numbers}


def untried(step: Step, subjects: Collection[int]) -> dict[str, object]:
    """
    The facts that say which orders (or refunds) a line is about that no attempt was made at.
    """
    whose = "order_ids" if step.subject is Subject.ORDER else "refund_ids"
    return {"step": step.name, whose: list(subjects)}


def without_secrets(text: str, *, longest: int = 300) -> str:
    """
    The text of an error, fit to be kept and logged: no addresses, phone numbers or keys, not long, and no NUL, which
    PostgreSQL does not take.
    """
    # Cut first: what is masked is shorter or about as long, and nobody reads the rest.
    beginning = text[: 4 * longest].replace("\x00", "")
    return _PHONE.sub("<number>", without_addresses(beginning))[:longest]


def without_addresses(text: str) -> str:
    """
    The text without addresses and keys. Numbers stay: task ids and times look like those of telephones.
    """
    return _SECRET.sub("<key>", _ADDRESS.sub("<address>", text))


def _worth_a_traceback(event: str, trouble: object) -> BaseException | None:
    # What is tried again by itself shows its traceback to who asks for everything.
    if event in TOLD_IN_FULL or logger.isEnabledFor(logging.DEBUG):
        return trouble if isinstance(trouble, BaseException) else None
    return None


def _shown(value: object) -> object:
    if isinstance(value, list | tuple | set | frozenset):
        ids = list(value)
        return ids if len(ids) <= MOST_IDS else [*ids[:MOST_IDS], f"… {len(ids)} in all"]
    return str(value) if isinstance(value, Enum) else value
