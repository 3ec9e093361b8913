"""
From wishes to running processes, or to their command lines.
"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from rms_backend.environment import ROOT
from rms_backend.supervisor import ports
from rms_backend.supervisor.child import Child
from rms_backend.supervisor.names import Name, Names
from rms_backend.supervisor.plan import Planned, has_a_dispatcher, plan
from rms_backend.supervisor.supervising import Supervisor
from rms_backend.supervisor.wishes import Wishes
from rms_backend.supervisor.wording import Voice


def run(wishes: Wishes, stream: Any) -> int:
    """
    Keep the processes up until we are asked to stop; returns the exit status.
    """
    with _named(plan(wishes)) as named:
        voice = Voice(stream, names=[name.text for _, name in named])
        for _, name in named:
            if name.is_second_choice:
                voice.say(f"Another start_celery_workers runs here and has that name: ours is {name.text}.")
        if not has_a_dispatcher([planned for planned, _ in named]):
            voice.say("No dispatcher runs here: somewhere else a worker must consume post_payment.")
        return Supervisor([Child(planned, name, voice) for planned, name in named], voice).run()


def dry_run(wishes: Wishes, stream: Any) -> None:
    """
    Write the command lines, ready to be copied, and start nothing.
    """
    if Path.cwd() != ROOT:
        stream.write(shlex.join(["cd", str(ROOT)]))
    with _named(plan(wishes)) as named:
        for planned, name in named:
            port = ports.free_port(planned.port) if planned.port else None
            stream.write(shlex.join(planned.command(name=name.text, port=port)))


@contextmanager
def _named(planned: list[Planned]) -> Iterator[list[tuple[Planned, Name]]]:
    names = Names.beside(ROOT, broker_url=settings.CELERY_BROKER_URL)
    try:
        yield [(one, names.take(one.name, is_one_of_many=one.is_one_of_many)) for one in planned]
    finally:
        names.release()
