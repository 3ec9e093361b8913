"""
The broker connection: higher priority numbers are sooner, bytes that are no message are dropped, and an embedded broker is
started when first needed.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Any

from django.conf import settings
from kombu.transport import redis

from pipeline import journal
from rms_backend import embedding

# What kombu raises over bytes that are no message, in the wrong shape or encoding, or nested without end.
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)


class Channel(redis.Channel):
    """
    Kombu's Redis channel with RabbitMQ's meaning of priority: 9 is served first, 0 last.

    Kombu's own meaning on Redis is the opposite (0 first). Turning it round here covers both publishing and restoring
    unacknowledged messages; changing the number before it is sent would be undone and redone with each retry.
    """

    def _get_message_priority(self, message: Any, reverse: bool = False) -> int:  # noqa: ARG002, FBT001, FBT002
        return int(super()._get_message_priority(message, reverse=True))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._made_at = time.monotonic()
        self._kept_client: Any = None

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        """
        A client for one operation. Kombu makes a new one each time, which costs about as much as the operation.
        """
        if client is None and (
            self._kept_client is None or self._kept_client.connection_pool is not self.pool
        ):
            self._kept_client = self._create_client()
        yield client or self._kept_client

    def _brpop_read(self, **options: Any) -> Any:
        """
        Take the next message. Bytes that are none are dropped: Celery would take them for a reason to end the worker.
        """
        self.connection.delivering = False
        try:
            return super()._brpop_read(**options)
        except UNREADABLE as trouble:
            if (
                self.connection.delivering
            ):  # it was a message; what its consumer raises is for Celery to handle
                raise
            journal.record("message.unreadable", because=type(trouble).__name__)
            # Perhaps it was not the message but the reply: begin anew, so that we do not read on in the middle of one.
            self.client.connection.disconnect()
            raise Empty from None

    def idle_seconds(self) -> float:
        """
        For how long this channel has not asked the server for a message although it could take one.
        """
        if not self.active_queues or not self.qos.can_consume():
            return 0.0
        # Kombu asks anew each second (brpop_timeout) and keeps the time for its own check of half-open connections.
        return time.monotonic() - (self._brpop_sent_at or self._made_at)


class DropsNonsense:
    """
    A transport that looks whether it has a message before it hands it on.
    """

    delivering = False

    def _deliver(self, message: Any, queue: str) -> None:
        redis.Channel.Message(message, channel=self.channels[0])  # type: ignore[attr-defined] # the transport's own
        self.delivering = True
        super()._deliver(message, queue)  # type: ignore[misc]


class Transport(DropsNonsense, redis.Transport):
    """
    Kombu's Redis transport with our channel.
    """

    Channel = Channel

    def create_channel(self, connection: Any) -> Any:
        if settings.BROKER_IS_EMBEDDED:
            embedding.servers(settings.EMBEDDED_HOME).ensure_running()
        return super().create_channel(connection)


class SentinelChannel(Channel, redis.SentinelChannel):
    """
    The same for a Redis that is found through Sentinel.
    """


class SentinelTransport(DropsNonsense, redis.SentinelTransport):
    """
    Kombu's Sentinel transport with our channel.
    """

    Channel = SentinelChannel
