"""
What happens to PostgreSQL, to the broker, and to the two sinks as programs.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from devtools.show.screen import answers
from embedded import EmbeddedServersFailed
from pipeline.queues import Queue
from tests.chaos.house import House
from tests.chaos.storm.fault import Scene, Strike
from tests.chaos.storm.processes import children_of

COMES_BACK_WITHIN_SECONDS = 60.0
MOST_PRIORITIES = 10


def server_signalled(server: str, number: signal.Signals) -> Strike:
    """
    Send this signal to PostgreSQL's postmaster or to the broker; its keeper starts it again at once.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        os.kill(_pid(scene.house, server), number)
        yield
        _wait_until_back(scene.house, server)

    return strike


def server_down(server: str) -> Strike:
    """
    A kill -9, and it stays down.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        scene.house.servers.hold(server)
        try:
            yield
        finally:
            scene.house.servers.release(server)

    return strike


def server_hung(server: str) -> Strike:
    """
    SIGSTOP of the server with the children it has, SIGCONT at the end.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        leader = _pid(scene.house, server)
        stopped = [leader, *children_of(leader)]
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    return strike


@contextmanager
def flushed(scene: Scene) -> Iterator[None]:
    """
    FLUSHALL: every message, every note of what was taken, every result is gone.
    """
    with scene.house.broker() as broker:
        scene.destroyed += messages_in(broker)
        broker.flushall()
    yield


@contextmanager
def out_of_memory(scene: Scene) -> Iterator[None]:
    """
    Maxmemory with noeviction: the broker refuses whatever is published.
    """
    with scene.house.broker() as broker:
        broker.config_set("maxmemory", 1)
        try:
            yield
        finally:
            broker.config_set("maxmemory", 0)


def sink_killed(sink: str) -> Strike:
    """
    A kill -9 of the mailbox or the till in the middle of whatever it does; its keeper starts it again.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        pid = pid_of_sink(scene.house, sink)
        os.kill(pid, signal.SIGKILL)
        yield
        give_up_at = time.monotonic() + COMES_BACK_WITHIN_SECONDS
        while not _is_another(scene.house, sink, pid) and time.monotonic() < give_up_at:
            time.sleep(0.05)

    return strike


def sink_hung(sink: str) -> Strike:
    """
    SIGSTOP of the mailbox or the till.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        pid = pid_of_sink(scene.house, sink)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    return strike


def messages_in(broker: redis.Redis) -> int:
    """
    How many messages are in the broker: waiting, or taken and not acknowledged.
    """
    return waiting_in(broker) + int(broker.hlen("unacked"))


def waiting_in(broker: redis.Redis) -> int:
    """
    How many messages wait in the broker; kombu keeps each priority of a queue in a list of its own.
    """
    keys = [
        queue.value if step == 0 else f"{queue.value}\x06\x16{step}"
        for queue in Queue
        for step in range(MOST_PRIORITIES)
    ]
    return sum(int(broker.llen(key)) for key in keys)


def pid_of_sink(house: House, sink: str) -> int:
    """
    The process of a sink, known by its home; raises LookupError.
    """
    ours = str(house.home / sink).encode()
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = line.read_bytes().split(b"\0")
            if f"devtools.{sink}".encode() in words and ours in words:
                return int(line.parent.name)
    raise LookupError(f"The {sink} of {house.home} does not run.")


def _is_another(house: House, sink: str, before: int) -> bool:
    # What the killed one wrote about itself is still there, so that is no sign: the new one has to answer.
    try:
        return pid_of_sink(house, sink) != before and answers(house.page_of(sink))
    except LookupError:
        return False


def _pid(house: House, server: str) -> int:
    return house.servers.postgres_pid if server == "postgres" else house.servers.broker_pid


def _wait_until_back(house: House, server: str) -> None:
    give_up_at = time.monotonic() + COMES_BACK_WITHIN_SECONDS
    while time.monotonic() < give_up_at:
        with suppress(EmbeddedServersFailed):
            _pid(house, server)
            return
        time.sleep(0.05)
