"""
The broker connection: higher priority numbers are sooner, bytes that are no message are dropped, and an embedded broker is
started when first needed.
"""

import time
from queue import Empty
from typing import Any

from django.conf import settings
from kombu.transport import redis

from pipeline import journal
from rms_backend import embedding


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

    def _brpop_read(self, **options: Any) -> Any:
        """
        Take the next message. Bytes that are none are dropped: Celery would take them for a reason to end the worker.
        """
        try:
            return super()._brpop_read(**options)
        except (ValueError, TypeError) as trouble:
            journal.record("message.unreadable", because=type(trouble).__name__)
            raise Empty from None

    def idle_seconds(self) -> float:
        """
        For how long this channel has not asked the server for a message although it could take one.
        """
        if not self.active_queues or not self.qos.can_consume():
            return 0.0
        # Kombu asks anew each second (brpop_timeout) and keeps the time for its own check of half-open connections.
        return time.monotonic() - (self._brpop_sent_at or self._made_at)


class Transport(redis.Transport):
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


class SentinelTransport(redis.SentinelTransport):
    """
    Kombu's Sentinel transport with our channel.
    """

    Channel = SentinelChannel
