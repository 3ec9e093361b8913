"""
Names for workers that nobody else on this machine has: two Celery nodes of one name answer for each other.

A name is a lock on a file. The processes inherit it, so a name stays taken while anything that bears it is alive.
"""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, count
from pathlib import Path

from kombu.utils.url import maybe_sanitize_url


class CannotKeepNames(RuntimeError):
    """
    The folder for the names cannot be written.
    """


@dataclass(frozen=True, kw_only=True)
class Name:
    """
    A name that is ours, its lock, and whether it is the one that was wanted.
    """

    text: str
    folder: Path
    lock: int
    is_second_choice: bool

    @property
    def ready_file(self) -> Path:
        """
        The file that the process of this name makes when it is ready.
        """
        return self.folder / f"{self.text}.ready"


@dataclass
class Names:
    """
    The names of one supervisor: of one broker, on this machine, in this checkout.
    """

    folder: Path
    taken: list[Name] = field(default_factory=list)

    @classmethod
    def beside(cls, root: Path, *, broker_url: str) -> "Names":
        """
        The folder of the names for this broker. Other brokers have other nodes: a test's may be called the same.
        """
        key = sha256(maybe_sanitize_url(broker_url).encode()).hexdigest()[:8]
        folder = root / "var" / "supervisor" / key
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as trouble:
            raise CannotKeepNames(
                f"{folder} cannot be made: {trouble.strerror}. Make it writable."
            ) from trouble
        return cls(folder)

    def take(self, wanted: str, *, is_one_of_many: bool) -> Name:
        """
        `emails`, or `emails-2` where that is taken; one of many is `emails-1`, `emails-2`, … from the start.
        """
        for tries, text in enumerate(_candidates(wanted, is_one_of_many=is_one_of_many)):
            if (lock := self._lock(text)) is not None:
                ours = any(name.text.startswith(f"{wanted}-") for name in self.taken)
                name = Name(text=text, folder=self.folder, lock=lock, is_second_choice=tries > 0 and not ours)
                self.taken.append(name)
                return name
        raise AssertionError("There is always another number.")

    def release(self) -> None:
        for name in self.taken:
            name.ready_file.unlink(missing_ok=True)
            os.close(name.lock)
        self.taken.clear()

    def _lock(self, text: str) -> int | None:
        file = self.folder / f"{text}.lock"
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as trouble:  # left by another user, perhaps
            raise CannotKeepNames(f"{file} cannot be opened: {trouble.strerror}. Remove it.") from trouble
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor


def _candidates(wanted: str, *, is_one_of_many: bool) -> Iterator[str]:
    if is_one_of_many:
        return (f"{wanted}-{number}" for number in count(1))
    return chain([wanted], (f"{wanted}-{number}" for number in count(2)))
