"""
The steward: starts and kills the programs of a house, and starts again whoever ended by himself, as systemd does.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from subprocess import TimeoutExpired
from types import TracebackType
from typing import Any, Self

from devtools.show.crew import Crew

LOOKS_EVERY_SECONDS = 1.0
Command = Callable[[str], Sequence[str]]


class Steward:
    """
    Cares for the programs of one crew. `ended` counts those that ended although nobody had killed them.
    """

    def __init__(self, crew: Crew, *, command: Command) -> None:
        self.crew, self.ended = crew, Counter[str]()
        self._command = command
        self._wanted: set[str] = set()
        self._over = threading.Event()
        # A process ends with the thread that started it (PR_SET_PDEATHSIG), so one thread that stays starts them all.
        self._hands = ThreadPoolExecutor(max_workers=1, thread_name_prefix="steward")
        self._looking = threading.Thread(target=self._look, name="steward looks", daemon=True)

    def __enter__(self) -> Self:
        self._looking.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._looking.join()
        self.crew.dismiss()
        self._hands.shutdown()

    def start(self, *programs: str) -> None:
        self._by_hand(self._start, programs)

    def kill(self, *programs: str) -> None:
        """
        Kill -9 the programs with their children; nobody starts them again but `start`.
        """
        self._by_hand(self._kill, programs)

    def end(self, program: str, *, seconds: float) -> None:
        """
        Ask a program to end (SIGTERM); after so many seconds kill what is left of it.
        """
        with self.left_alone(program):
            process = self.crew.running[program]
            process.terminate()
            with suppress(TimeoutExpired):
                process.wait(seconds)
            self.kill(program)

    @contextmanager
    def left_alone(self, program: str) -> Iterator[None]:
        """
        Whatever becomes of the program inside the block, it is not started again by itself.
        """
        self._by_hand(self._wanted.discard, program)
        yield

    def see_that_all_run(self) -> None:
        """
        Start whoever is wanted and gone, now.
        """
        self._by_hand(self._start_those_that_ended)

    def pid(self, program: str) -> int:
        return self.crew.running[program].pid

    def all_run(self) -> bool:
        """
        Is everybody at work who should be?
        """
        return all(self._runs(program) for program in set(self._wanted))

    # By the one pair of hands

    def _by_hand(self, work: Callable[..., None], *what: Any) -> None:
        self._hands.submit(work, *what).result()

    def _look(self) -> None:
        while not self._over.wait(LOOKS_EVERY_SECONDS):
            self._by_hand(self._start_those_that_ended)

    def _start_those_that_ended(self) -> None:
        ended = sorted(program for program in self._wanted if not self._runs(program))
        self.ended.update(ended)
        self._kill(ended)  # what is left of their groups
        self._start(ended)

    def _runs(self, program: str) -> bool:
        process = self.crew.running.get(program)
        return process is not None and process.poll() is None

    def _start(self, programs: Sequence[str]) -> None:
        for program in programs:
            self._wanted.add(program)
            self.crew.start(program, *self._command(program))

    def _kill(self, programs: Sequence[str]) -> None:
        for program in programs:
            self._wanted.discard(program)
            with suppress(ProcessLookupError):
                self.crew.kill(program)
