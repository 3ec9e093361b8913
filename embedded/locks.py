"""
Tell who needs the servers, who keeps them, and what of a server is still alive.

Three locks, because each has to behave differently when a process forks:

* `HoldersLock` is a flock: it belongs to the open file, so a forked child holds on when its parent is gone.
* `KeeperLock` is a POSIX lock: it belongs to one process and no child can keep it by accident. Asking who
  has it takes nothing, so thousands of questions never disturb a keeper that is about to start.
* `AliveLock` is a flock handed down to a server on purpose: it is free when the last of its processes is gone.
"""

import fcntl
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from embedded.errors import EmbeddedServersFailed

# struct flock: type, whence, start, length, pid; macOS has it in another order
FLOCK = struct.Struct("@qqihh" if sys.platform == "darwin" else "@hhqqi")
PAUSE_SECONDS = 0.01


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _took(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class HoldersLock:
    """The shared lock with which a process says that it needs the servers, for the rest of its life."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def is_held(self) -> bool:
        # A daemon closes all descriptors it does not know, and the number may be another file by now: look.
        return self._descriptor is not None and _is_at(self._descriptor, self.path)

    def hold(self, *, until: float) -> None:
        while not self.is_held():
            descriptor = _open(self.path)
            if _took(descriptor, fcntl.LOCK_SH) and _is_at(descriptor, self.path):
                os.utime(descriptor)  # commands too short for the keeper's look still count
                self._descriptor = descriptor
                return
            os.close(descriptor)
            if time.monotonic() > until:
                raise EmbeddedServersFailed(
                    "The embedded servers are shutting down and do not come to an end. "
                    "Stop them by hand: `make down`, then try again."
                )
            time.sleep(PAUSE_SECONDS)


class HoldersWatch:
    """The keeper's look at the holders: is there none, and since when?"""

    def __init__(self, path: Path) -> None:
        self._descriptor = _open(path)
        self._nobody_since: float | None = None
        self._last_sign = 0

    def nobody_for(self, seconds: float) -> bool:
        """
        Once true, the lock stays with the keeper, so that a newcomer waits until the shutdown is over.
        """
        if not _took(self._descriptor, fcntl.LOCK_EX):
            self._nobody_since = None
            return False
        sign = os.fstat(self._descriptor).st_mtime_ns
        if self._nobody_since is None or sign != self._last_sign:
            self._nobody_since, self._last_sign = time.monotonic(), sign
        if time.monotonic() - self._nobody_since >= seconds:
            return True
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return False


class KeeperLock:
    """The lock of the one keeper of a home."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1

    def take(self) -> bool:
        # Never closed and never opened twice by the keeper: closing any descriptor of it would give it up.
        self._descriptor = _open(self.path)
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        return _is_at(self._descriptor, self.path)

    def is_at_home(self) -> bool:
        return _is_at(self._descriptor, self.path)

    def was_deleted(self) -> bool:
        return os.fstat(self._descriptor).st_nlink == 0

    def keeper(self) -> int | None:
        """
        The process that has the lock; None if nobody has it.
        """
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            question = (
                (0, 0, 0, fcntl.F_WRLCK, 0) if sys.platform == "darwin" else (fcntl.F_WRLCK, 0, 0, 0, 0)
            )
            answer = FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, FLOCK.pack(*question)))
        finally:
            os.close(descriptor)
        kind, pid = (answer[3], answer[2]) if sys.platform == "darwin" else (answer[0], answer[4])
        return None if kind == fcntl.F_UNLCK else pid


class AliveLock:
    """A lock that a server and all its children inherit."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def for_child(self) -> Iterator[int]:
        descriptor = _open(self.path)
        try:
            if not _took(descriptor, fcntl.LOCK_EX):
                raise EmbeddedServersFailed(
                    f"Somebody else has {self.path}. Run `make down`, then try again."
                )
            yield descriptor
        finally:
            os.close(descriptor)

    def is_free(self) -> bool:
        descriptor = _open(self.path)
        try:
            return _took(descriptor, fcntl.LOCK_EX)
        finally:
            os.close(descriptor)

    def is_free_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self.is_free():
            if time.monotonic() > until:
                return False
            time.sleep(PAUSE_SECONDS)
        return True

    def owners(self) -> list[int]:
        """
        Who still has it open. A pid from a file could be anybody's by now; an open file cannot be mistaken.
        """
        if not Path("/proc/self/fd").is_dir():
            found = subprocess.run(["lsof", "-t", self.path], capture_output=True, text=True, check=False)
            return [int(pid) for pid in found.stdout.split() if int(pid) != os.getpid()]
        mine = os.getpid()
        pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        return [pid for pid in pids if pid != mine and self._is_open_in(pid)]

    def _is_open_in(self, pid: int) -> bool:
        with suppress(OSError):
            return any(self._leads_here(opened) for opened in Path(f"/proc/{pid}/fd").iterdir())
        return False

    def _leads_here(self, opened: Path) -> bool:
        with suppress(OSError):  # closed meanwhile
            return opened.readlink().name == self.path.name and opened.samefile(self.path)
        return False
