"""
What Celery itself tells about tasks, with nothing personal in it: the headers of its messages, and its events.

Celery repeats the arguments, the answer and the error of each task as text, in the message, in the events on which
Flower lives, and to whoever inspects a worker. Our steps carry order ids only, but a call by hand may carry an address
and a plain `@shared_task` anything. The message's body stays as it is: the task needs it.
"""

from typing import Any

from celery.app.events import Events
from celery.contrib.django.task import DjangoTask
from celery.events.dispatcher import EventDispatcher

from pipeline.journal import without_secrets
from pipeline.shown import shown, shown_again

BOX = 200  # events
LONGEST_ERROR = 1_000
LONGEST_TRACEBACK = 20_000
VALUES = ("args", "kwargs", "result")
ERRORS = {"exception": LONGEST_ERROR, "traceback": LONGEST_TRACEBACK}


def tell_ids_only(headers: dict[str, Any], body: Any, **_signal: Any) -> None:
    """
    Receiver of `before_task_publish`: the headers repeat the arguments for logs, events and `inspect`.

    It comes after everything that publishes, so it covers `delay`, `apply_async`, `send_task` and retries alike.
    """
    if "argsrepr" in headers:
        headers["argsrepr"], headers["kwargsrepr"] = shown(tuple(body[0])), shown(body[1])


class DiscreetDispatcher(EventDispatcher):
    """
    The way out of every event, also of those about messages that were published by somebody else.

    Events about tasks wait in its box for pipeline/event_post.py, or until the box is full.
    """

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **{**how, "on_send_buffered": None, "buffer_limit": BOX})

    def send(self, type: str, **fields: Any) -> Any:  # noqa: A002 - Celery's signature
        return super().send(type, **_discreet(fields))

    def publish(self, type: str, fields: dict[str, Any], producer: Any, **how: Any) -> Any:  # noqa: A002
        return super().publish(type, _discreet(fields), producer, **how)


class DiscreetEvents(Events):
    """
    Celery's events, sent by our dispatcher.
    """

    dispatcher_cls = DiscreetDispatcher


class DiscreetTask(DjangoTask):
    """
    The base of all tasks. It is Celery's own for Django, with `delay_on_commit`, except for how a worker holds it.
    """

    Request = "pipeline.inspection:DiscreetRequest"


def _discreet(fields: dict[str, Any]) -> dict[str, Any]:
    told = dict(fields)
    for name in told.keys() & set(VALUES):
        told[name] = shown_again(told[name]) if isinstance(told[name], str) else shown(told[name])
    for name in told.keys() & ERRORS.keys():
        told[name] = without_secrets(str(told[name] or ""), longest=ERRORS[name])
    return told
