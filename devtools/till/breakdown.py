"""
What happens to a request that a fault strikes: one short story for each mode.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from devtools.till.documents import Answer
from devtools.till.fault_answers import HTML_PAGE, error_answer, fault_headers
from devtools.till.faults import Fault, Mode

UNTOUCHED = "untouched"  # the outcome of a request whose fault came before any effect


class Patient(Protocol):
    """What a fault can make a request do."""

    def work(self, *, heard: bool = True) -> Answer:
        """Do what was asked."""

    def settle(self, *, outcome: str, status: int | None) -> None:
        """Keep what became of the request."""

    def send(self, answer: Answer) -> None:
        """Answer in JSON."""

    def say(self, text: str, *, status: int, headers: Mapping[str, str]) -> None:
        """Answer with any text."""

    def hang_up(self) -> None:
        """Close the connection without a word."""

    async def wait_for_caller_to_go(self) -> None:
        """Say nothing until the caller hangs up."""


async def suffer(patient: Patient, fault: Fault) -> None:
    """Let the request suffer the fault."""
    await STORIES[fault.mode](patient, fault)


async def fail_before_effect(patient: Patient, fault: Fault) -> None:
    """Nothing is kept; the connection closes, or an error is answered."""
    if fault.answer_status is None:
        patient.settle(outcome=UNTOUCHED, status=None)
        patient.hang_up()
    else:
        await answer_error(patient, fault)


async def fail_after_effect(patient: Patient, fault: Fault) -> None:  # noqa: ARG001 - all stories are told alike
    """The request is kept, but its caller never hears of it."""
    patient.work(heard=False)
    patient.hang_up()


async def hang(patient: Patient, fault: Fault) -> None:
    """The request is kept or not; its caller waits for ever."""
    if fault.effect:
        patient.work(heard=False)
    else:
        patient.settle(outcome=UNTOUCHED, status=None)
    await patient.wait_for_caller_to_go()


async def be_slow(patient: Patient, fault: Fault) -> None:
    """The work is done late, whether or not the caller still listens."""
    await asyncio.sleep(fault.wait_seconds)
    patient.send(patient.work())


async def answer_error(patient: Patient, fault: Fault) -> None:
    """Nothing is kept, and the caller is told an error."""
    status = fault.answer_status or 500
    patient.settle(outcome=UNTOUCHED, status=status)
    headers = {"Content-Type": "application/json", **fault_headers(fault)}
    patient.say(
        error_answer(status, because=f"The till is broken: {fault.mode}."), status=status, headers=headers
    )


async def answer_html(patient: Patient, fault: Fault) -> None:
    """Nothing is kept, and the caller gets a page where an answer in JSON was due."""
    status = fault.answer_status or 502
    patient.settle(outcome=UNTOUCHED, status=status)
    patient.say(HTML_PAGE, status=status, headers=fault_headers(fault))


STORIES: Mapping[Mode, Callable[[Patient, Fault], Awaitable[None]]] = {
    Mode.FAIL_BEFORE_EFFECT: fail_before_effect,
    Mode.FAIL_AFTER_EFFECT: fail_after_effect,
    Mode.HANG: hang,
    Mode.SLOW: be_slow,
    Mode.RATE_LIMITED: answer_error,
    Mode.SERVER_ERROR: answer_error,
    Mode.HTML: answer_html,
    Mode.REFUSE: answer_error,
}
