"""Make folders and files that only their owner can read, whatever the umask is."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded.errors import EmbeddedServersFailed

PRIVATE = 0o700
PASSABLE = 0o711  # PostgreSQL's own user must be able to pass through, nobody can look in
LONGEST_TURN_SECONDS = 20


def own_mode() -> int:
    return PASSABLE if os.geteuid() == 0 else PRIVATE


def folder(path: Path, *, mode: int = PRIVATE) -> Path:
    """
    A folder of ours with exactly this mode.
    """
    path.mkdir(mode=mode, exist_ok=True)
    if path.stat().st_mode & 0o7777 != mode:
        path.chmod(mode)
    return path


def write_whole(path: Path, text: str) -> None:
    """
    Write all of it or nothing: a reader never sees half a file.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def turn_in(path: Path) -> Iterator[None]:
    """
    One process at a time in this folder. The folder itself is the lock, so nothing lies around.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    until = time.monotonic() + LONGEST_TURN_SECONDS
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise EmbeddedServersFailed(
                        f"Another process does not leave {path}. Try again."
                    ) from None
                time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)
