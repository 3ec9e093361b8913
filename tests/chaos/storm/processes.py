"""
What happens to our own processes: killed, hung, restarted.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.chaos.storm.fault import Scene, Strike

LONGEST_WARM_END_SECONDS = 20.0


def killed(*programs: str) -> Strike:
    """
    A kill -9 of the programs with all their children, at the same moment; started again at the end.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        scene.house.steward.kill(*programs)
        yield
        scene.house.steward.start(*programs)

    return strike


def parent_killed(program: str) -> Strike:
    """
    A kill -9 of the parent alone: its children are orphans.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        with scene.house.steward.left_alone(program):
            os.kill(scene.house.steward.pid(program), signal.SIGKILL)
            yield
            scene.house.steward.kill(program)  # what is left of its group
            scene.house.steward.start(program)

    return strike


def child_killed(programs: Sequence[str]) -> Strike:
    """
    A kill -9 of one child of one of the programs. Where its parent ends with it, as granian does, the steward starts it again.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        program = scene.chance.choice(programs)
        children = children_of(scene.house.steward.pid(program))
        if children:
            with suppress(ProcessLookupError):
                os.kill(scene.chance.choice(children), signal.SIGKILL)
        yield

    return strike


def hung(*programs: str) -> Strike:
    """
    SIGSTOP of the programs with their children, SIGCONT at the end.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        groups = [scene.house.steward.pid(program) for program in programs]
        for group in groups:
            os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            for group in groups:
                with suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGCONT)

    return strike


def restarted(program: str) -> Strike:
    """
    SIGTERM, as a deployment does it, and a new one.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        scene.house.steward.end(program, seconds=LONGEST_WARM_END_SECONDS)
        yield
        scene.house.steward.start(program)

    return strike


def children_of(pid: int) -> list[int]:
    """
    The direct children of a process that live.
    """
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
