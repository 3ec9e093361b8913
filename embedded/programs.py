"""Say what the keeper has to know of a program to keep it, and start it."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from embedded.accounts import Account
from embedded.binaries import CLEAN_ENVIRONMENT
from embedded.errors import EmbeddedServersFailed
from embedded.locks import AliveLock
from embedded.orders import COMPANION_OF, Companion

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
LARGEST_LOG = 5_000_000
ORPHANS_SECONDS = 1.0  # children of a server that was killed notice it by themselves

Stops = Sequence[tuple[signal.Signals, float]]  # which signal, then how many seconds of patience


@dataclass(frozen=True, kw_only=True)
class Command:
    """One process to start."""

    argv: Sequence[str | Path]
    directory: Path
    stdin: str = ""
    environment: Mapping[str, str] = field(default_factory=lambda: CLEAN_ENVIRONMENT)
    account: Account = field(default_factory=Account)


class Program(Protocol):
    """A program that the keeper starts, watches and stops."""

    log: Path
    alive: AliveLock
    stops: Stops

    @property
    def name(self) -> str: ...

    def prepare(self) -> Command:
        """Repair what an earlier life left, and name the command."""

    def answers(self) -> bool:
        """Is it ready for its clients?"""


@dataclass
class CompanionProgram:
    """A program beside the servers."""

    companion: Companion
    home: Path
    log: Path
    alive: AliveLock
    stops: Stops = ((signal.SIGTERM, 3), (signal.SIGKILL, 5))

    @property
    def name(self) -> str:
        return self.companion.name

    def prepare(self) -> Command:
        end_leftovers(self)
        return Command(
            argv=[part.replace("{home}", str(self.home)) for part in self.companion.argv],
            directory=self.companion.directory or self.home,
            environment={**os.environ, COMPANION_OF: str(self.home)},
        )

    def answers(self) -> bool:
        return True


def spawn(program: Program, command: Command) -> subprocess.Popen[str]:
    """
    Start it as our child, with the lock that tells whether any of its processes is alive.
    """
    with program.alive.for_child() as alive, open_log(program.log) as log:
        process = subprocess.Popen(
            command.argv,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            text=True,
            cwd=command.directory,
            env=command.environment,
            umask=0o077,
            pass_fds=(alive,),
            user=command.account.uid,
            group=command.account.gid,
            extra_groups=command.account.groups,
            preexec_fn=_ends_with_its_keeper(program.stops[0][0]),  # noqa: PLW1509 - the keeper has one thread
        )
    if process.stdin is not None:
        try:
            process.stdin.write(command.stdin)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended already; its log says why
    return process


def _ends_with_its_keeper(last_wish: signal.Signals) -> Callable[[], None] | None:
    """
    The kernel sends this signal when the keeper is killed. Runs after the change of user, which would clear it.
    """
    if LIBC is None:
        return None  # the next keeper cleans up
    libc, keeper = LIBC, os.getpid()

    def arrange() -> None:
        libc.prctl(PR_SET_PDEATHSIG, last_wish, 0, 0, 0)
        if os.getppid() != keeper:  # it died in between
            os._exit(1)

    return arrange


def open_log(path: Path) -> BinaryIO:
    """
    The log at its end; a long one starts anew and leaves the old one beside it.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")


def end_leftovers(program: Program, *, ask: Callable[[list[int]], list[int]] = list) -> None:
    """
    End what a killed keeper left behind: first ask the ones named by `ask`, then kill whatever is left.
    """
    if program.alive.is_free():
        return
    for stop, patience in program.stops:
        owners = program.alive.owners()
        asked = owners if stop == signal.SIGKILL else ask(owners)
        for pid in asked:
            _send(pid, stop)
        if program.alive.is_free_within(patience if asked else ORPHANS_SECONDS):
            return
    raise EmbeddedServersFailed(
        f"An earlier {program.name} does not end (processes {program.alive.owners() or 'of another container'}). "
        "End it by hand, then try again."
    )


def _send(pid: int, stop: signal.Signals) -> None:
    try:
        os.kill(pid, stop)
    except ProcessLookupError:
        return  # it ended by itself meanwhile
    except PermissionError as error:
        raise EmbeddedServersFailed(
            f"Process {pid} has to end but belongs to another user. End it by hand."
        ) from error
