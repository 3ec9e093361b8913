"""
Which workers there are: asked over the broker, because only they know.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import AMQPError
from celery import current_app
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from pipeline.broker_line import BrokerAway as BrokerAway
from pipeline.broker_line import quick_connection

ANSWER_WITHIN_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Worker:
    """
    A worker that answered: its node name (`celery@host`) and the queues it consumes.
    """

    node: str
    queues: tuple[str, ...]


def answering(*, within_seconds: float = ANSWER_WITHIN_SECONDS) -> list[Worker]:
    """
    The workers that answer in time, by node name. None may mean that none runs, or that all are cut off.
    """
    answers = _asked("active_queues", within_seconds)
    return [
        Worker(node=node, queues=tuple(sorted(queue["name"] for queue in answers[node])))
        for node in sorted(answers)
    ]


def queues_without_a_consumer(workers: Iterable[Worker], *, queues: Iterable[str]) -> list[str]:
    """
    Those of the queues that nobody consumes, in order.
    """
    consumed = {queue for worker in workers for queue in worker.queues}
    return sorted(set(queues) - consumed)


def _asked(question: str, within_seconds: float) -> dict[str, Any]:
    try:
        with quick_connection() as broker:
            inspect = current_app.control.inspect(timeout=within_seconds, connection=broker)
            return getattr(inspect, question)() or {}
    except (OSError, KombuError, RedisError, AMQPError) as away:
        raise BrokerAway(f"The broker does not answer: {away}") from away
