"""
Making the rounds: all examinations of the table, those who ask different parties at the same time, each with a limit.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from threading import Thread

from django.db import OperationalError, connections

from operations.doctor.finding import Finding, Unreachable, note, problem
from pipeline.journal import without_secrets
from pipeline.workers import BrokerAway


class Party(StrEnum):
    """
    Who is asked. The first examination of each party finds out whether it answers at all.
    """

    OURSELVES = "this machine"
    DATABASE = "the database"
    BROKER = "the broker"
    MAIL = "the mail server"
    TILL = "the till"


@dataclass(frozen=True, kw_only=True, eq=False)
class Examination:
    """
    One row of the table: under which heading, whom it asks, what it does, and how long it may take.
    """

    topic: str
    title: str
    asks: Party
    carry_out: Callable[[], Iterable[Finding]]
    within_seconds: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """
    A finding under its heading.
    """

    topic: str
    finding: Finding


def make_rounds(examinations: Sequence[Examination], *, within_seconds: float) -> list[Result]:
    """
    The results of all examinations, in the order of the table, after so many seconds at the latest.
    """
    until = time.monotonic() + within_seconds
    found: dict[Examination, list[Finding]] = {}
    rounds = [
        Thread(target=_ask_in_turn, args=(of_party, found, until), daemon=True)
        for of_party in _by_party(examinations)
    ]
    for round_ in rounds:
        round_.start()
    for round_ in rounds:
        round_.join(max(0.0, until - time.monotonic()))
    return [
        Result(topic=examination.topic, finding=finding)
        for examination in examinations
        for finding in found.get(examination, [_no_answer(examination, within_seconds)])
    ]


def _by_party(examinations: Sequence[Examination]) -> list[list[Examination]]:
    return [[e for e in examinations if e.asks is party] for party in Party]


def _ask_in_turn(
    examinations: Sequence[Examination], found: dict[Examination, list[Finding]], until: float
) -> None:
    answers = True
    for examination in examinations:
        if not answers:
            found[examination] = [_not_asked(examination, examination.asks)]
            continue
        limit = min(examination.within_seconds, max(0.0, until - time.monotonic()))
        try:
            found[examination] = _answer(examination, limit)
        except Unreachable as unreachable:
            answers, found[examination] = False, [unreachable.finding]
        except TimeoutError:
            answers, found[examination] = False, [_no_answer(examination, limit)]
        except BrokerAway:
            found[examination] = [_not_asked(examination, Party.BROKER)]
        except OperationalError as trouble:
            found[examination] = [_without_the_database(examination, trouble)]
        except Exception as trouble:  # noqa: BLE001 - what nobody foresaw is a finding, too
            found[examination] = [_failed(examination, trouble)]


def _answer(examination: Examination, limit: float) -> list[Finding]:
    # On a thread of its own, because a question that hangs in a library cannot be called back.
    answer: Future[list[Finding]] = Future()
    Thread(target=_carry_out, args=(examination, answer), daemon=True).start()
    return answer.result(limit)


def _carry_out(examination: Examination, answer: "Future[list[Finding]]") -> None:
    try:
        answer.set_result(list(examination.carry_out()))
    except BaseException as trouble:  # noqa: BLE001 - raised again by whoever waits
        answer.set_exception(trouble)
    finally:
        connections.close_all()  # this thread's own


def _not_asked(examination: Examination, away: Party) -> Finding:
    return note(examination.title, f"Not examined, because {away} does not answer.")


def _without_the_database(examination: Examination, trouble: OperationalError) -> Finding:
    # It says for itself that it is away; what it answers with an error is a problem of this examination.
    if examination.asks is Party.DATABASE:
        return _failed(examination, trouble)
    return _not_asked(examination, Party.DATABASE)


def _no_answer(examination: Examination, seconds: float) -> Finding:
    said = f"{examination.asks} did not answer within {seconds:.0f} s.".capitalize()
    return problem(examination.title, said, "See what it does, or ask again with a longer --patience.")


def _failed(examination: Examination, trouble: Exception) -> Finding:
    said = f"Could not be examined: {without_secrets(f'{type(trouble).__name__}: {trouble}')}"
    return problem(examination.title, said, "Mend what it names, then ask again.")
