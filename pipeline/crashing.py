"""
Dying on purpose: what an isolated process does that was told `CRASH_AT`.

`CRASH_AT` names a file. Whoever writes a wish into it, `claimed@sync_order_to_pos:2:kill`, lets the second process that
passes this point for this step die there. A wish is fulfilled once, by one thread of one process: that one takes the
file away, and leaves another beside it which says who it was (`<file>.fulfilled`, and `<file>.resumed` once it goes on).
"""

import difflib
import os
import re
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from pipeline.crash_points import Point
from pipeline.steps import short_name


class Action(StrEnum):
    """
    What happens at the point.
    """

    KILL = "kill"  # kill -9 of this process, by itself
    STOP = "stop"  # stands still until somebody sends SIGCONT
    RAISE = "raise"  # trouble like any other
    VANISH = "vanish"  # a crash within one process: no `except Exception` sees it


WISH = re.compile(
    rf"(?P<point>[\w.]+)(@(?P<step>[\w.]*))?(:(?P<nth>[1-9]\d*)(:(?P<action>{'|'.join(Action)}))?)?"
)


class ProvokedTrouble(Exception):
    """
    A test wanted trouble here.
    """


class ProvokedCrash(BaseException):
    """
    A test wanted everything to end here, without the death of the process.
    """


class NoSuchWish(ValueError):
    """
    A wish reads name[@step][:nth[:action]], for example claimed@sync_order_to_pos:1:kill.
    """


@dataclass(frozen=True, kw_only=True)
class Wish:
    """
    At which point, for which step ('' for any), the how manieth time (1, 2, …), and what.
    """

    point: Point
    step: str = ""
    nth: int = 1
    action: Action = Action.KILL

    @classmethod
    def read(cls, text: str) -> "Wish":
        """
        Read `name[@step][:nth[:action]]`; raises NoSuchWish.
        """
        told = WISH.fullmatch(text.strip())
        if told is None:
            raise NoSuchWish(f"{text!r} is no wish. It reads name[@step][:nth[:action]].")
        return cls(
            point=named(told["point"]),
            step=told["step"] or "",
            nth=int(told["nth"] or 1),
            action=Action(told["action"] or Action.KILL),
        )

    def __str__(self) -> str:
        return f"{self.point.title}@{self.step}:{self.nth}:{self.action}"

    def is_for(self, point: Point, step: str) -> bool:
        return point is self.point and self.step in ("", step, short_name(step))


def named(name: str) -> Point:
    """
    The point of this name; raises NoSuchWish with the one that was perhaps meant.
    """
    known = {point.title: point for point in Point}
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1) or list(known)
        raise NoSuchWish(f"There is no crash point {name!r}. Did you mean one of: {', '.join(close)}?")
    return known[name]


def obey(wishes: Path) -> Callable[[Point, str], None]:
    """
    A listener that fulfils what is written into this file.
    """

    def listener(point: Point, step: str) -> None:
        wish = _take(wishes, point, step)
        if wish is not None:
            _carry_out(wish.action, wishes, said=f"{wish.point.title} {step}")

    return listener


def _take(wishes: Path, point: Point, step: str) -> Wish | None:
    """
    The wish, if it is for us and for now. Taking the file away decides who it is for, of all processes and threads.
    """
    mine = wishes.with_name(f"{wishes.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        wish = Wish.read(wishes.read_text())
        if not wish.is_for(point, step):
            return None
        wishes.rename(mine)
    except FileNotFoundError:
        return None
    # A file of its own for each word: another thread may be reading the one that we took away.
    mine.unlink()
    if wish.nth == 1:
        _write(Path(f"{wishes}.fulfilled"), f"{os.getpid()} {wish}")
        return wish
    _write(wishes, str(replace(wish, nth=wish.nth - 1)))
    return None


def _write(path: Path, text: str) -> None:
    whole = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    whole.write_text(text)
    whole.rename(path)


def _carry_out(action: Action, wishes: Path, *, said: str) -> None:
    if action is Action.RAISE:
        raise ProvokedTrouble(said)
    if action is Action.VANISH:
        raise ProvokedCrash(said)
    # To this thread, so that it does not get one instruction further.
    signal.pthread_kill(threading.get_ident(), signal.SIGKILL if action is Action.KILL else signal.SIGSTOP)
    Path(f"{wishes}.resumed").touch()
