"""
What the broker tells about itself: that it answers, how it is set up, how full it and its queues are.

Each question has a connection of its own with a short patience, and none of them changes anything.
"""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import AMQPError
from celery import current_app
from kombu.exceptions import KombuError
from redis.exceptions import NoPermissionError, RedisError

from pipeline.broker_trouble import BrokerInTrouble, trouble_of
from pipeline.journal import without_secrets

SECTIONS = ("server", "memory", "persistence", "replication")


@dataclass(frozen=True, kw_only=True)
class Setup:
    """
    How a Redis or Valkey is set up. What it may not or cannot tell is None.
    """

    version: str | None
    is_replica: bool | None
    eviction_policy: str | None
    append_only: bool | None
    can_write_to_disk: bool | None
    used_bytes: int | None
    most_bytes: int | None  # 0: as much as the machine has


@dataclass(frozen=True, kw_only=True)
class Clock:
    """
    How far the broker's clock is ahead of ours, and how long we waited for the answer.
    """

    ahead_seconds: float
    waited_seconds: float


def address() -> str:
    """
    Where the broker is, without user and password.
    """
    return without_login(str(current_app.conf.broker_write_url))


def without_login(url: str) -> str:
    """
    The address without what opens it. Up to the last @, for a password may hold one that nobody quoted.
    """
    return ";".join(re.sub(r"://.*@", "://", part).split("?")[0] for part in url.split(";"))


def is_redis() -> bool:
    """
    Is the broker a Redis or a Valkey? A RabbitMQ is asked other questions.
    """
    return not str(current_app.conf.broker_write_url).startswith("amqp")


@contextmanager
def connected(*, within_seconds: float) -> Iterator[Any]:
    """
    A connection of kombu's that answers; raises BrokerInTrouble where the broker does not.
    """
    patience = {"socket_timeout": within_seconds, "socket_connect_timeout": within_seconds}
    connection = current_app.connection_for_write(
        connect_timeout=within_seconds, transport_options=patience if is_redis() else {}
    )
    try:
        connection.ensure_connection(max_retries=0, errback=None)
        connection.default_channel  # noqa: B018 - a channel of Redis pings
        yield connection
    except (OSError, KombuError, RedisError, AMQPError) as trouble:
        raise BrokerInTrouble(trouble_of(trouble), without_secrets(str(trouble))) from trouble
    finally:
        connection.release()


def ping(*, within_seconds: float) -> float:
    """
    Reach the broker, and return how many seconds that took.
    """
    began = time.monotonic()
    with connected(within_seconds=within_seconds):
        return time.monotonic() - began


def setup(*, within_seconds: float) -> Setup:
    """
    How the Redis is set up, as far as it tells its user.
    """
    with connected(within_seconds=within_seconds) as connection:
        told: dict[str, Any] = {}
        for section in SECTIONS:
            told |= _told(connection.default_channel.client, section)
    return Setup(
        version=_version(told),
        is_replica=_known(told, "role", lambda role: role != "master"),
        eviction_policy=_known(told, "maxmemory_policy", str),
        append_only=_known(told, "aof_enabled", bool),
        can_write_to_disk=_can_write(told),
        used_bytes=_known(told, "used_memory", int),
        most_bytes=_known(told, "maxmemory", int),
    )


def clock(*, within_seconds: float) -> Clock:
    """
    The broker's clock beside ours, read in the middle of the question.
    """
    with connected(within_seconds=within_seconds) as connection:
        began, began_at = time.monotonic(), time.time()
        seconds, microseconds = connection.default_channel.client.time()
        waited = time.monotonic() - began
    return Clock(ahead_seconds=seconds + microseconds / 1e6 - began_at - waited / 2, waited_seconds=waited)


def lengths(queues: Iterable[str], *, within_seconds: float) -> dict[str, int]:
    """
    How many messages wait in each of the queues; a queue that does not exist has none.
    """
    with connected(within_seconds=within_seconds) as connection:
        return {queue: _length(connection, queue) for queue in queues}


def _told(client: Any, section: str) -> dict[str, Any]:
    try:
        return dict(client.info(section))
    except NoPermissionError:
        return {}  # a user of an access list that is kept short: said by the None in its place


def _version(told: dict[str, Any]) -> str | None:
    if "valkey_version" in told:
        return f"Valkey {told['valkey_version']}"
    return f"Redis {told['redis_version']}" if "redis_version" in told else None


def _can_write(told: dict[str, Any]) -> bool | None:
    # With a failed save Redis refuses every write (MISCONF).
    said = [told[name] for name in ("rdb_last_bgsave_status", "aof_last_write_status") if name in told]
    return all(status == "ok" for status in said) if said else None


def _known(told: dict[str, Any], name: str, read: Any) -> Any:
    return read(told[name]) if name in told else None


def _length(connection: Any, queue: str) -> int:
    with connection.channel() as channel:
        try:
            return int(channel.queue_declare(queue, passive=True).message_count)
        except connection.channel_errors:
            return 0
