"""
Which processes are to run, with which command lines.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.queues import Queue
from rms_backend.supervisor.lanes import DEFAULT_LANES, Lanes, lanes_of
from rms_backend.supervisor.wishes import Wishes

FLOWER_PORT = 5555
CELERY = (sys.executable, "-m", "celery")
# Without Celery's banner of thirty lines for each worker: the status lines say what it says.
APP = ("--quiet", "-A", "rms_backend")


@dataclass(frozen=True, kw_only=True)
class Planned:
    """
    One process that is to run. Its name and its port are settled when it starts: see `names` and `ports`.
    """

    name: str
    is_one_of_many: bool = False
    queues: tuple[Queue, ...] = ()
    port: int | None = None
    arguments: tuple[str, ...]

    def command(self, *, name: str, port: int | None = None) -> list[str]:
        """
        The exact command line, for a process of this name at this port.
        """
        return [*CELERY, *APP, *(word.format(name=name, port=port) for word in self.arguments)]


def plan(wishes: Wishes) -> list[Planned]:
    """
    All processes that the wishes come to.
    """
    return [
        *_workers(wishes),
        *([_beat(wishes)] if wishes.beat else []),
        *([FLOWER] if wishes.flower else []),
    ]


def has_a_dispatcher(planned: list[Planned]) -> bool:
    """
    Does one of these processes send what is due to the workers?
    """
    return any(Queue.POST_PAYMENT in one.queues for one in planned)


def _workers(wishes: Wishes) -> Iterator[Planned]:
    for lanes in (lanes_of(wishes.queues),) if wishes.queues else DEFAULT_LANES:
        for _ in range(wishes.workers):
            yield _worker(lanes, wishes)


def _worker(lanes: Lanes, wishes: Wishes) -> Planned:
    concurrency = 1 if wishes.pool == "solo" else wishes.concurrency or lanes.concurrency
    return Planned(
        name=lanes.name,
        is_one_of_many=wishes.workers > 1,
        queues=lanes.queues,
        arguments=(
            "worker",
            "--hostname={name}@%h",
            f"--queues={','.join(lanes.queues)}",
            f"--pool={wishes.pool}",
            f"--concurrency={concurrency}",
            f"--loglevel={wishes.loglevel}",
        ),
    )


def _beat(wishes: Wishes) -> Planned:
    return Planned(name="beat", arguments=("beat", f"--loglevel={wishes.loglevel}"))


FLOWER = Planned(name="flower", port=FLOWER_PORT, arguments=("flower", "--port={port}"))
