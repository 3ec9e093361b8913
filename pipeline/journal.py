"""
Everything the pipeline says, in one place: events with constant names, facts as fields, ids only.
"""

import logging
import re
from enum import Enum

logger = logging.getLogger("rms.pipeline")

WARNINGS = frozenset(
    {
        "step.failed", "step.buried", "step.lease_lost", "step.sent_again", "step.finish_refused", "step.abandoned",
        "dispatch.not_published", "nudge.not_sent", "tick.not_sent", "event.put_off", "heartbeat.not_written",
        "delivery.rejected",
    }
)  # fmt: skip
KNOWN = WARNINGS | frozenset(
    {
        "step.done", "step.not_claimed", "step.postponed", "step.revived", "step.discarded",
        "step.handed_back", "batch.taken_apart", "dispatch.published", "lane.paused", "lane.resumed",
        "step.sent_on_request",
    }
)  # fmt: skip
MOST_IDS = 20
_ADDRESS = re.compile(r"[^\s<>\"'@]+@[^\s<>\"'@]+")
_SECRET = re.compile(r"\b(?:sk|rk|whsec|pk)_[A-Za-z0-9_]+")
_PHONE = re.compile(r"\+?\d[\d ()/.-]{8,}\d")


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
    shown = {name: _shown(value) for name, value in facts.items() if value is not None}
    error = trouble if isinstance(trouble, BaseException) else None
    logger.log(level, event, extra={"facts": shown}, exc_info=error)


def without_secrets(text: str, *, longest: int = 300) -> str:
    """
    The text of an error, fit to be kept and logged: no addresses, phone numbers or keys, not long, and no NUL, which
    PostgreSQL does not take.
    """
    text = _ADDRESS.sub("<address>", text.replace("\x00", ""))
    text = _SECRET.sub("<key>", text)
    return _PHONE.sub("<number>", text)[:longest]


def _shown(value: object) -> object:
    if isinstance(value, list | tuple | set | frozenset):
        ids = list(value)
        return ids if len(ids) <= MOST_IDS else [*ids[:MOST_IDS], f"… {len(ids)} in all"]
    return str(value) if isinstance(value, Enum) else value
