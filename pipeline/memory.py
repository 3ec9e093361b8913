"""
How much memory a worker takes: asked of the worker itself, which knows its processes and the limit it lives under.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from socket import gethostname
from typing import Any

from celery.worker.control import inspect_command

UNLIMITED = 1 << 60  # some kernels write a huge number instead of "max"


@dataclass(frozen=True, kw_only=True)
class MemoryUse:
    """
    The memory of a worker's main process and of each of its children, in bytes, and what its machine (or container)
    has. Pages that several processes share are counted once in the sum of all.
    """

    machine: str
    main_bytes: int
    child_bytes: tuple[int, ...]
    limit_bytes: int

    @classmethod
    def told(cls, answer: dict[str, Any]) -> "MemoryUse":
        """
        Read what a worker answered.
        """
        return cls(**{**answer, "child_bytes": tuple(answer["child_bytes"])})

    @property
    def sum_bytes(self) -> int:
        return self.main_bytes + sum(self.child_bytes)


@inspect_command(name="memory_use")  # type: ignore[untyped-decorator] # Celery's
def answer_memory_use(state: Any, **_arguments: Any) -> dict[str, Any]:
    """
    The worker's answer to the question `memory_use`.
    """
    children = state.consumer.pool.info.get("processes", ()) if state.consumer else ()
    return asdict(of_processes(os.getpid(), [pid for pid in children if pid != os.getpid()]))


def of_processes(main: int, children: list[int]) -> MemoryUse:
    """
    The memory of these processes of this machine.
    """
    return MemoryUse(
        machine=gethostname(),
        main_bytes=_bytes_of(main),
        child_bytes=tuple(filter(None, map(_bytes_of, children))),
        limit_bytes=min(_machine_bytes(), *_limits(), UNLIMITED),
    )


def _bytes_of(pid: int) -> int:
    """
    The share of this process in memory; 0 for one that is gone.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return _resident_bytes_of(pid)


def _resident_bytes_of(pid: int) -> int:
    # A kernel that does not tell shares (or a process of somebody else's): all it uses, shared pages too.
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _machine_bytes() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _limits() -> Iterator[int]:
    """
    The limits of the control groups this process is in: of its service, of its container.
    """
    for file in _limit_files():
        try:
            text = file.read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            yield int(text)


def _limit_files() -> Iterator[Path]:
    root = Path("/sys/fs/cgroup")
    yield root / "memory" / "memory.limit_in_bytes"
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            group = root / line.removeprefix("0::").lstrip("/")
            yield from (
                folder / "memory.max"
                for folder in (group, *group.parents)
                if root in (folder, *folder.parents)
            )
