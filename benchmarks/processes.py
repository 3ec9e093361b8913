"""
What processes cost: the CPU time and the memory of trees of processes, from /proc.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
KIB = 1024


@dataclass(frozen=True, kw_only=True)
class Process:
    """
    One process at this moment. `seconds` is its CPU time with that of the children it has buried.
    """

    pid: int
    parent: int
    seconds: float
    command: str


def tree(root: int) -> list[Process]:
    """
    The process and all that descend from it, the root first; empty where it is gone.
    """
    everyone = {process.pid: process for process in _everyone()}
    found, begun = [], [root]
    while begun:
        pid = begun.pop()
        if pid in everyone:
            found.append(everyone[pid])
            begun += [process.pid for process in everyone.values() if process.parent == pid]
    return found


def cpu_seconds(root: int, *, without: frozenset[int] = frozenset()) -> float:
    """
    The CPU time of the tree so far, user and system, less that of the processes in `without`.
    """
    return sum(process.seconds for process in tree(root) if process.pid not in without)


def pss_bytes(root: int) -> int:
    """
    The memory of the tree, with each shared page divided among those who share it.
    """
    return sum(_pss(process.pid) for process in tree(root))


def _everyone() -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it has ended since
                yield _read(entry)


def _read(entry: Path) -> Process:
    # The name stands in brackets and may hold anything, brackets and blanks included.
    name, _, rest = (entry / "stat").read_text().rpartition(")")
    fields = rest.split()
    ticks = sum(int(field) for field in fields[11:15])  # utime, stime, cutime, cstime
    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return Process(
        pid=int(entry.name),
        parent=int(fields[1]),
        seconds=ticks / TICKS_PER_SECOND,
        command=command or name.partition("(")[2],
    )


def _pss(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * KIB
    return 0
