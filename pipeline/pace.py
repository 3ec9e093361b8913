"""
How quickly the other side of an outside step answers, as this process has seen it lately, and what follows from it.

A side that answers within milliseconds would wait for our database after every answer. So its next parcels stand ready,
marked as sending, others are packed behind them, and its answers are finished a few at a time. A slow side gets none of
this: it loses nothing by waiting for us, and what stands ready for it would only wait in vain.
"""

from dataclasses import dataclass

from pipeline.steps import Step

QUICK_SECONDS = 0.25
GATHERS_FOR_SECONDS = 0.02
WEIGHT_OF_THE_LAST = 0.2

_seconds: dict[Step, float] = {}


@dataclass(frozen=True, kw_only=True)
class Pace:
    """
    Beyond what is under way: how many parcels stand ready, and how many are claimed with them and packed behind them.
    And how many answers are waited for before they are finished, and how long.
    """

    ready: int = 0
    packed: int = 0
    gather: int = 1
    for_seconds: float = 0


def pace_of(step: Step) -> Pace:
    """
    The pace of a step. With a rate limit nothing runs ahead: a permit is for now.
    """
    if step.rate_limit.per_second or not 0 < seconds_of(step) < QUICK_SECONDS:
        return Pace()
    return Pace(
        ready=step.at_once,
        packed=2 * step.at_once,
        gather=(step.at_once + 1) // 2,
        for_seconds=GATHERS_FOR_SECONDS,
    )


def seconds_of(step: Step) -> float:
    """
    How long an answer takes about; 0 where nothing is known.
    """
    return _seconds.get(step, 0.0)


def note(step: Step, seconds: float) -> None:
    """
    One answer took so long.
    """
    before = _seconds.get(step, seconds)
    _seconds[step] = before + WEIGHT_OF_THE_LAST * (seconds - before)
