"""
Does the broker answer? Asked over a connection of its own that gives up within seconds, so a frozen broker is noticed.
"""

from typing import Any

from amqp.exceptions import AMQPError
from celery import current_app
from kombu import Connection
from kombu.exceptions import KombuError
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

GIVES_UP_AFTER_SECONDS = 1.5
# Kombu would otherwise try again, and again, each time after a pause.
AT_ONCE = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}


class BrokerAway(RuntimeError):
    """
    The broker does not answer.
    """


class BrokerLine:
    """
    A connection kept for asking; for one thread at a time.
    """

    def __init__(self) -> None:
        self._connection: Connection | None = None

    def check(self) -> None:
        """
        Return when the broker answers, raise BrokerAway when it does not in time.
        """
        warm = self._connection is not None
        try:
            self._ask()
        except ConnectionLost as lost:
            self.close()
            if not warm:
                raise BrokerAway(f"The broker does not answer: {lost}") from lost
            self.check()  # it was restarted since we asked last: once more, over a new connection
        except (OSError, KombuError, RedisError, AMQPError) as away:
            self.close()
            raise BrokerAway(f"The broker does not answer: {away}") from away

    def close(self) -> None:
        """
        Hang up.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()

    def _ask(self) -> None:
        if self._connection is None:
            self._connection = quick_connection()
        channel: Any = self._connection.default_channel
        if hasattr(channel, "conn_or_acquire"):
            with channel.conn_or_acquire() as client:
                client.ping()
        else:
            self.close()  # RabbitMQ has no question as cheap as a new connection


def quick_connection() -> Connection:
    """
    A connection to the broker, not yet made, that would rather fail than wait.
    """
    return current_app.connection_for_write(
        connect_timeout=GIVES_UP_AFTER_SECONDS,
        transport_options={
            "socket_timeout": GIVES_UP_AFTER_SECONDS,
            "socket_connect_timeout": GIVES_UP_AFTER_SECONDS,
            **AT_ONCE,
        },
    )
