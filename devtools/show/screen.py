"""
What the show puts on the screen, and how it knows that an address answers.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from devtools.show.reckoning import Line

SERVER_ERROR = 500
# A proxy for the outside world does not know this machine's ports.
OURSELVES = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def saying(screen: Console, what: str) -> Iterator[None]:
    """
    Say what was done, and how long it took.
    """
    began = time.monotonic()
    yield
    screen.print(f"  [green]✓[/] {what}  ({time.monotonic() - began:.1f} s)")


def table(lines: Sequence[Line]) -> Table:
    """
    The lines of the reckoning as a table.
    """
    drawn = Table("", "found", "expected", "", title="What the evening came to")
    for line in lines:
        drawn.add_row(line.what, line.found, line.expected, "[green]ok[/]" if line.ok else "[red]WRONG[/]")
    return drawn


def answers(url: str) -> bool:
    """
    Does the address answer, if only to say that it does not know us?
    """
    try:
        with OURSELVES.open(url, timeout=2) as answer:
            return bool(answer.status < SERVER_ERROR)
    except urllib.error.HTTPError as refusal:
        return refusal.code < SERVER_ERROR
    except OSError:
        return False
