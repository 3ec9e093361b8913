"""
What a person with a shell tries on a running system: looks around, calls tasks by hand, watches events.

A process of its own, told by its environment where the broker is; prints what it saw as JSON.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import django

django.setup()

from flower.utils.broker import Broker  # noqa: E402 - the imports below need Django to be set up

from payments.tasks import record_payment_analytics_task  # noqa: E402
from pipeline.queues import Queue  # noqa: E402
from rms_backend import celery_app  # noqa: E402

PATIENCE_SECONDS = 60
UNKNOWN_ORDER = 10**9


def call_by_hand_and_watch(order_id: int) -> dict[str, Any]:
    """
    Call a task once the event stream flows, as Flower reads it; its answer, and the events seen.
    """
    called = []
    seen = []
    with celery_app.connection_for_read() as connection:

        def note(event: dict[str, Any]) -> None:
            seen.append(event["type"])
            if not called:
                called.append(record_payment_analytics_task.delay(order_id))
            receiver.should_stop = event["type"] == "task-succeeded" and event["uuid"] == called[0].id

        receiver = celery_app.events.Receiver(connection, handlers={"*": note})
        receiver.capture(timeout=PATIENCE_SECONDS, wakeup=True)
    return {"answer": called[0].get(timeout=PATIENCE_SECONDS), "events": sorted(set(seen))}


def call_later_and_wrongly(order_id: int) -> dict[str, Any]:
    """
    A call with a countdown, whose answer is forgotten afterwards, and one that raises.
    """
    later = record_payment_analytics_task.apply_async((order_id,), countdown=1)
    answer = later.get(timeout=PATIENCE_SECONDS)
    later.forget()
    wrong = record_payment_analytics_task.delay(UNKNOWN_ORDER).get(timeout=PATIENCE_SECONDS, propagate=False)
    return {"later": answer, "wrong": type(wrong).__name__}


def look_around() -> dict[str, Any]:
    """
    What the workers say about themselves, and how long Flower finds the queues.
    """
    workers = list(celery_app.control.inspect(timeout=2).ping() or {})
    inspect = celery_app.control.inspect(timeout=10, destination=workers)  # does not wait for others
    asked: list[Callable[[], Any]] = [
        inspect.registered,
        inspect.active,
        inspect.scheduled,
        inspect.stats,
        inspect.ping,
    ]
    queues = inspect.active_queues() or {}
    return {
        "answered": sum(1 for ask in asked if ask()),
        "queues": sorted({queue["name"] for known in queues.values() for queue in known}),
        "flower": len(asyncio.run(_queue_lengths())),
    }


def put_in_order() -> dict[str, Any]:
    """
    What workers do once in a while: look for messages of dead ones; and what an operator may do.
    """
    with celery_app.connection_for_write() as connection:
        connection.default_channel.qos.restore_visible(interval=1)
    celery_app.control.revoke("00000000-0000-0000-0000-000000000000")
    return {"purged": celery_app.control.purge()}


async def _queue_lengths() -> list[dict[str, Any]]:
    conf = celery_app.conf
    options = {"broker_options": conf.broker_transport_options, "broker_use_ssl": conf.broker_use_ssl}
    found: list[dict[str, Any]] = await Broker(conf.broker_url, **options).queues(
        [queue.value for queue in Queue]
    )
    return found


if __name__ == "__main__":
    order = int(sys.argv[1])
    visit = {
        **look_around(),
        **call_by_hand_and_watch(order),
        **call_later_and_wrongly(order),
        **put_in_order(),
    }
    print(json.dumps(visit))  # noqa: T201 - for whoever started us
