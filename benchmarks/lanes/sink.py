"""
What the lean mail server and the lean till share: they answer after a fixed time, and tell at their end what came.

They stand in for devtools' mailbox and till, which keep everything they hear in a database of their own and would take
half of this machine at 160 answers a second. What they check is what the figures need: who came, how often, and when.
"""

import asyncio
import json
import signal
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Mood(StrEnum):
    """
    How the other side is today.
    """

    WELL = "well"
    FAILING = "failing"  # answers in time, and always with an error
    HANGING = "hanging"  # takes what comes and never answers


@dataclass
class Truth:
    """
    What really came, by the clock of this process (`time.monotonic`, which all processes of a machine share).
    """

    came: Counter[str] = field(default_factory=Counter)
    answered: list[float] = field(default_factory=list)
    first_at: float = 0.0
    at_once: int = 0
    most_at_once: int = 0

    def begin(self) -> None:
        """
        Somebody asks, and waits for the answer.
        """
        self.first_at = self.first_at or time.monotonic()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)

    def end(self) -> None:
        """
        The answer was given.
        """
        self.answered.append(time.monotonic())
        self.at_once -= 1

    def written(self) -> str:
        """
        All of it as one JSON document.
        """
        return json.dumps(
            {
                "came": self.came,
                "first_at": self.first_at,
                "answered": self.answered,
                "most_at_once": self.most_at_once,
            }
        )


@dataclass
class Sink:
    """
    One server: its protocol, its mood and its truth.
    """

    seconds: float
    mood: Mood
    truth: Truth = field(default_factory=Truth)

    def answer(self, say: Callable[[], None]) -> None:
        """
        Say it after as long as an answer takes; somebody who hangs says nothing.
        """
        self.truth.begin()
        if self.mood is not Mood.HANGING:
            asyncio.get_running_loop().call_later(self.seconds, self._say, say)

    def _say(self, say: Callable[[], None]) -> None:
        say()
        self.truth.end()


def serve(make: Callable[[Sink], asyncio.Protocol]) -> None:
    """
    Serve until SIGTERM; SIGUSR1 writes down what came so far and forgets it.
    """
    parser = ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=0.05)
    parser.add_argument("--mood", type=Mood, default=Mood.WELL)
    told = parser.parse_args()
    asyncio.run(_serve(Sink(seconds=told.seconds, mood=told.mood), make, port=told.port, truth=told.truth))


async def _serve(sink: Sink, make: Callable[[Sink], asyncio.Protocol], *, port: int, truth: Path) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def tell() -> None:
        unfinished = truth.with_suffix(".unfinished")
        unfinished.write_text(sink.truth.written())
        unfinished.replace(truth)
        sink.truth = Truth()

    loop.add_signal_handler(signal.SIGUSR1, tell)
    loop.add_signal_handler(signal.SIGTERM, over.set)
    await loop.create_server(lambda: make(sink), "127.0.0.1", port, backlog=256)
    print("serves", flush=True)  # noqa: T201 - for whoever started us
    await over.wait()
