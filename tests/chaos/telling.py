"""
What a soak says while it is on: bars on a terminal, a line for every tenth in a log, and every fault as it strikes.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.chaos.soak import Soak, Telling


class Teller:
    """
    Tells of one soak at a time.
    """

    def __init__(self, screen: Console, bars: Progress, what: str) -> None:
        self.screen, self.bars, self.what = screen, bars, what
        self.task = bars.add_task(what, total=None)
        self.tenths = 0
        self.strikes = 0
        self.resting = False

    def __call__(self, soak: Soak) -> None:
        heard = soak.calls.attempts
        self.bars.update(self.task, completed=heard, total=max(heard, soak.script.plan.copies))
        self._say_what_strikes(soak)
        if not self.screen.is_terminal:
            self._say_tenths(soak, heard)
        if soak.mended and not self.resting:
            self.resting = True
            self.bars.console.print(
                f"  {self.what}: everything is mended, {soak.open_now} open; waiting for rest"
            )

    def _say_what_strikes(self, soak: Soak) -> None:
        struck = list(soak.storm.struck)
        for one in struck[self.strikes :]:
            self.bars.console.print(
                f"  [yellow]![/] {(one.began or time.time()) - soak.began:4.0f} s  {one.title}",
                highlight=False,
            )
        self.strikes = len(struck)

    def _say_tenths(self, soak: Soak, heard: int) -> None:
        tenth = int(soak.share * 10)
        if tenth > self.tenths:
            self.tenths = tenth
            self.screen.print(f"  … {self.what}: {tenth * 10} %, {heard:,} deliveries, {soak.open_now} open")


@contextmanager
def told(screen: Console, what: str) -> Iterator[Telling]:
    """
    Tell of a soak for the length of the block.
    """
    columns = (
        TextColumn("  {task.description:24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=screen, transient=not screen.is_terminal, disable=not screen.is_terminal
    ) as bars:
        yield Teller(screen, bars, what)
