"""
What the control has not done yet and still may: messages that wait, are held unacknowledged, or lie with a worker until later.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import redis

Pending = set[tuple[str, int]]  # the task's short name, and the order's number


def in_the_broker(broker: redis.Redis) -> Pending:
    """
    The tasks of all messages in the broker: those in a queue, and those a worker took and did not acknowledge.
    """
    found: Pending = set()
    for key in broker.scan_iter(count=500):
        if broker.type(key) == b"list":
            found |= read(broker.lrange(key, 0, -1))
    return found | read(broker.hvals("unacked"))


def with_the_workers(answers: Iterable[Mapping[str, Any] | None]) -> Pending:
    """
    The tasks in the answers of `inspect`: active, reserved, or scheduled for later (an ETA).
    """
    tasks = [task for answer in answers for held in (answer or {}).values() for task in held]
    requests = [task.get("request", task) for task in tasks]
    return {(_short(one["name"]), one["args"][0]) for one in requests if one.get("args")}


def read(texts: Iterable[bytes]) -> Pending:
    """
    The tasks of messages as kombu keeps them; what is no message of the control is left out.
    """
    return {task for text in texts for task in _read(text)}


def _read(text: bytes) -> Iterator[tuple[str, int]]:
    try:
        found = json.loads(text)
        envelope = (
            found[0] if isinstance(found, list) else found
        )  # `unacked` keeps [message, exchange, queue]
        envelope = json.loads(envelope) if isinstance(envelope, str) else envelope
        (order, *_), *_ = json.loads(base64.b64decode(envelope["body"], validate=True))
        yield _short(envelope["headers"]["task"]), int(order)
    except (ValueError, TypeError, LookupError, binascii.Error):
        return


def _short(task: str) -> str:
    return task.rpartition(".")[2]
