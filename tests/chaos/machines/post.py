"""
The broker in the machine's hands: real messages out of the real broker, to be lost, doubled and shuffled.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from celery import current_app
from kombu import Producer
from kombu.exceptions import OperationalError as BrokerGone

from pipeline.queues import Queue


@dataclass(frozen=True, kw_only=True)
class Message:
    """
    What a worker would find in its queue.
    """

    step: str
    argument: int | list[int]


class Post:
    """
    All messages that were published and not taken yet.
    """

    def __init__(self, lanes: Sequence[Queue]) -> None:
        self.lanes = lanes
        self.messages: list[Message] = []
        self._line = current_app.connection_for_read()
        self.throw_away()

    def collect(self) -> None:
        """
        Take over whatever has been published.
        """
        for lane in self.lanes:
            queue = current_app.amqp.queues[lane.value](self._line.default_channel)
            for found in iter(lambda q=queue: q.get(no_ack=True), None):
                [argument] = json.loads(found.body)[0]
                self.messages.append(Message(step=found.headers["task"], argument=argument))

    def throw_away(self, *_which: int) -> None:
        """
        Lose everything, as a flushed broker does.
        """
        self.messages.clear()
        for lane in Queue:
            self._line.default_channel.queue_purge(lane.value)

    def take(self, which: int) -> Message:
        return self.messages.pop(which % len(self.messages))

    def double(self, which: int) -> None:
        self.messages.append(self.messages[which % len(self.messages)])

    def close(self) -> None:
        self._line.release()


@contextmanager
def broker_gone_after(messages: int) -> Iterator[None]:
    """
    The broker takes so many messages and then no more. Caught where kombu is about to talk to it.
    """
    publish, taken = Producer.publish, iter(range(messages))

    def until_it_is_gone(*args: object, **how: object) -> object:
        if next(taken, None) is None:
            raise BrokerGone("the broker is gone")
        return publish(*args, **how)

    with patch.object(Producer, "publish", until_it_is_gone):
        yield
