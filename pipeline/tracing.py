"""
CELERY_TRACE=1: each message's way in the log: published, received, started, done or failed or tried again.

`wait_ms` is the time from publishing to the start, by the clocks of the two machines; `run_ms` the time from the start.
Ticks of the dispatcher are left out, except at the level DEBUG: one a second says nothing.
"""

import logging
import time
from typing import Any

from celery import signals

from pipeline import journal
from pipeline.shown import shown
from pipeline.steps import menu


def begin() -> None:
    """
    Follow the messages that this process publishes and receives, from now on.
    """
    signals.before_task_publish.connect(_stamp)
    signals.after_task_publish.connect(_published)
    signals.task_received.connect(_received)
    signals.task_prerun.connect(_started)
    signals.task_success.connect(_done)
    signals.task_retry.connect(_tried_again)
    signals.task_failure.connect(_failed)
    signals.task_revoked.connect(_revoked)


# Before and after the publishing


def _stamp(*, headers: dict[str, Any], properties: dict[str, Any], **_signal: Any) -> None:
    headers["published_at"] = time.time()
    headers["published_with_priority"] = properties.get("priority")


def _published(*, sender: str, headers: dict[str, Any], routing_key: str, **_signal: Any) -> None:
    _say(
        "message.published",
        sender,
        headers["id"],
        queue=routing_key,
        priority=headers.get("published_with_priority"),
        retries=headers.get("retries"),
        arguments=headers.get("argsrepr"),
    )


# In the worker's main process


def _received(*, request: Any, **_signal: Any) -> None:
    travelled = request.delivery_info or {}
    _say(
        "message.received",
        request.name,
        request.id,
        queue=travelled.get("routing_key"),
        priority=travelled.get("priority"),
    )


def _revoked(*, request: Any, **_signal: Any) -> None:
    _say("message.revoked", request.task or request.name, request.id)


# In the process that carries it out


def _started(*, task: Any, task_id: str, args: Any, **_signal: Any) -> None:
    request = task.request
    request.started_at = time.time()
    _say(
        "message.started",
        task.name,
        task_id,
        retries=request.retries,
        wait_ms=_milliseconds(getattr(request, "published_at", None)),
        arguments=shown(tuple(args)),
    )


def _done(*, sender: Any, **_signal: Any) -> None:
    _say("message.done", sender.name, sender.request.id, run_ms=_run_ms(sender.request))


def _tried_again(*, sender: Any, request: Any, reason: object, **_signal: Any) -> None:
    _say("message.tried_again", sender.name, request.id, run_ms=_run_ms(request), because=_redacted(reason))


def _failed(*, sender: Any, task_id: str, exception: BaseException, **_signal: Any) -> None:
    because = _redacted(f"{type(exception).__name__}: {exception}")
    _say("message.failed", sender.name, task_id, run_ms=_run_ms(sender.request), because=because)


def _say(event: str, task: str, task_id: str, **facts: object) -> None:
    if task != menu.dispatcher or journal.logger.isEnabledFor(logging.DEBUG):
        journal.record(event, task=task, task_id=task_id, **facts)


def _run_ms(request: Any) -> float | None:
    return _milliseconds(getattr(request, "started_at", None))


def _milliseconds(since: float | None) -> float | None:
    return None if since is None else round((time.time() - since) * 1000, 1)


def _redacted(trouble: object) -> str:
    return journal.without_secrets(str(trouble))
