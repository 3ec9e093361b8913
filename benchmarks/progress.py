"""
What a long run says meanwhile: bars on a terminal, plain lines in a log.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Say = Callable[[str], None]


@contextmanager
def shown(screen: Console, *, runs: int) -> Iterator[Callable[[str], Say]]:
    """
    Gives a function that begins the next of so many runs and returns how to say where it stands.
    """
    if screen.is_terminal:
        with _bars(screen) as bars:
            task = bars.add_task("", total=runs, completed=-1)

            def begin(run: str) -> Say:
                bars.advance(task)
                return lambda text: bars.update(task, description=f"{run}: {text}")

            yield begin
            bars.advance(task)
    else:
        began = time.monotonic()
        yield (
            lambda run: (
                lambda text: screen.print(
                    f"{time.monotonic() - began:6.0f} s  {run}: {text}", highlight=False, soft_wrap=True
                )
            )
        )


def _bars(screen: Console) -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    return Progress(*columns, console=screen)
