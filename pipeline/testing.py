"""
Steps for tests of the engine: a step that counts its effects in the database, and one that sends to a list.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction

from pipeline.declaring import declared_temporarily
from pipeline.models import StepRun
from pipeline.promises import promise
from pipeline.queues import Queue
from pipeline.retries import RetryPolicy
from pipeline.statements import execute
from pipeline.steps import Attempt, Effect, Report, Step, Subject, menu

POLICY = RetryPolicy(times=2, delay_seconds=30)


@dataclass
class Sink:
    """
    An outside system of which the test decides how it behaves: `behaviour` is called with each attempt.
    """

    behaviour: Callable[[Attempt], Report] = lambda _attempt: {}
    attempts: list[Attempt] = field(default_factory=list)

    def send(self, attempt: Attempt) -> Report:
        self.attempts.append(attempt)
        return self.behaviour(attempt)


@contextmanager
def outside_step(sink: Sink, *, name: str = "send_to_sink_task", **how: object) -> Iterator[Step]:
    """
    A step that sends every order to the sink.
    """

    def send_to_sink_task(order_ids: Sequence[int]) -> dict[int, Sink]:
        """Send to the sink."""
        return dict.fromkeys(order_ids, sink)

    with _declared(_named(send_to_sink_task, name, how), Effect.OUTSIDE, **how) as step:
        yield step


@contextmanager
def database_step(
    work: Callable[[Sequence[int]], dict[int, Report]] = lambda _order_ids: {},
    *,
    name: str = "change_database_task",
    **how: object,
) -> Iterator[Step]:
    """
    A step whose effect is whatever `work` does to the database.
    """

    def change_database_task(order_ids: Sequence[int]) -> dict[int, Report]:
        """Change the database."""
        return work(order_ids)

    with _declared(_named(change_database_task, name, how), Effect.DATABASE, **how) as step:
        yield step


def promised(step: Step, *order_ids: int) -> list[StepRun]:
    """
    Promise the step for the orders.
    """
    with transaction.atomic():
        for order_id in order_ids:
            promise(order_id=order_id, steps=[step])
    return [run_of(step, order_id) for order_id in order_ids]


def promised_of_refund(step: Step, refund_id: int, *, order_id: int) -> StepRun:
    """
    Promise a reversal.
    """
    with transaction.atomic():
        promise(order_id=order_id, subject_id=refund_id, steps=[step])
    return run_of(step, refund_id)


def run_of(step: Step, subject_id: int) -> StepRun:
    """
    The row as it stands now.
    """
    return StepRun.objects.get(step=step.name, subject_id=subject_id)


def history_of(step: Step, order_id: int) -> list[str]:
    """
    What happened to the row, in order.
    """
    return list(run_of(step, order_id).events.order_by("id").values_list("what", flat=True))


def make_due(step: Step, *order_ids: int) -> None:
    """
    Let the time pass that the rows wait for: their next try, or the end of their lease.
    """
    execute(
        "UPDATE pipeline_steprun SET due_at = clock_timestamp() - interval '1 second'"
        " WHERE step = %(step)s AND subject_id = ANY(%(orders)s) AND due_at IS NOT NULL",
        step=step.name,
        orders=list(order_ids),
    )


def seconds_until_due(step: Step, order_id: int) -> float:
    """
    How long the row still waits, by the database's clock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM due_at - clock_timestamp()) FROM pipeline_steprun"
            " WHERE step = %s AND subject_id = %s",
            [step.name, order_id],
        )
        return float(cursor.fetchone()[0])


@contextmanager
def _declared(function: Callable[..., object], effect: Effect, **how: object) -> Iterator[Step]:
    asked = {"queue": Queue.DEFAULT, "retry": POLICY, "effect": effect, **how}
    with declared_temporarily(function, **asked) as task:
        yield menu.find(task.name)


def _named(function: Callable[..., object], name: str, how: dict[str, object]) -> Callable[..., object]:
    """
    The function under another name, with the parameter that its subject asks for.
    """
    function.__name__ = name
    if how.get("subject", Subject.ORDER) is not Subject.ORDER:
        parameter = inspect.Parameter("refund_ids", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        function.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
    return function
