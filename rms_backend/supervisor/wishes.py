"""
What was asked for on the command line, and why some of it cannot be had.
"""

import difflib
from dataclasses import dataclass
from typing import Self

from pipeline.queues import Queue

POOLS = ("prefork", "threads", "solo")
GREEN_POOLS = ("gevent", "eventlet")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


class ImpossibleWish(ValueError):
    """
    The command line asks for what cannot be; the sentence says what to write instead.
    """


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """
    How many of which processes. Without `queues`: the usual lanes. Without `concurrency`: as many as the lanes say.
    """

    queues: tuple[Queue, ...] = ()
    workers: int = 1
    concurrency: int | None = None
    pool: str = "prefork"
    loglevel: str = "info"
    beat: bool = False
    flower: bool = False

    def __post_init__(self) -> None:
        _at_least_one("--workers", self.workers)
        _at_least_one("--concurrency", self.concurrency)
        if self.pool == "solo" and self.concurrency not in (None, 1):
            raise ImpossibleWish(
                f"--pool solo does one task at a time, so --concurrency {self.concurrency} means nothing. "
                "Leave --concurrency out, or use --pool prefork."
            )

    @classmethod
    def from_words(cls, *, queues: str | None, pool: str, loglevel: str, **others: object) -> Self:
        """
        Read the texts of the command line, and complain with what was probably meant.
        """
        return cls(
            queues=() if queues is None else _queues(queues),
            pool=_pool(pool),
            loglevel=_known("log level", loglevel.lower(), LOG_LEVELS),
            **others,  # type: ignore[arg-type]
        )


def _at_least_one(option: str, number: int | None) -> None:
    if number is not None and number < 1:
        raise ImpossibleWish(f"{option} is {number}. Write a whole number from 1.")


def _queues(text: str) -> tuple[Queue, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise ImpossibleWish(f"--queues names no queue. There are: {', '.join(Queue)}.")
    known = [_known("queue", name, tuple(Queue)) for name in names]
    return tuple(Queue(name) for name in dict.fromkeys(known))


def _pool(name: str) -> str:
    if name in GREEN_POOLS:
        raise ImpossibleWish(
            f"--pool {name} is not for us: on Redis a green pool never gets back the messages of a worker that was "
            "killed (celery issue 4976). Use --pool prefork, or threads for many outside calls."
        )
    return _known("pool", name, POOLS)


def _known(kind: str, name: str, known: tuple[str, ...]) -> str:
    if name in known:
        return name
    near = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    raise ImpossibleWish(f"There is no {kind} '{name}'. {hint}There are: {', '.join(known)}.")
