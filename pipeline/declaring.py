"""
`@post_payment_step`: one block in the menu becomes a Celery task, a step, a lane, a policy and a line everywhere.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from celery import Task, current_app, shared_task

from pipeline import answers
from pipeline.queues import Queue
from pipeline.rate_limits import RateLimit
from pipeline.retries import RetryPolicy
from pipeline.steps import UNLIMITED, Effect, Report, Step, Subject, WhenWithdrawn, menu

MESSAGE_SIZE_IN_WINDOWS = 16
DATABASE_BATCH = 100


def post_payment_step(
    *,
    queue: Queue,
    retry: RetryPolicy,
    effect: Effect,
    priority: int = 5,
    subject: Subject = Subject.ORDER,
    timeout_seconds: int = 20,
    at_once: int = 8,
    rate_limit: RateLimit = UNLIMITED,
    looks_up: bool = False,
    reverses: Task | Step | None = None,
    when_withdrawn: WhenWithdrawn = WhenWithdrawn.SKIPPED,
    on_request: Callable[..., Report] | None = None,
) -> Callable[[Callable[..., Any]], Task]:
    """
    Declare a step that each paid order gets (or each refund, with another `subject`).

    The function takes `order_ids` (all orders of a message) and returns `{order_id: …}`, or `order_id` and returns for
    that one; about refunds, `refund_ids` or `refund_id`. With `Effect.DATABASE` it does its work and returns reports; it runs inside the transaction that marks
    the step as done. With `Effect.OUTSIDE` it returns a parcel, whose `send(attempt)` is called outside of any
    transaction. A step that `reverses` another waits until that one is at rest, and is skipped where there is nothing
    to undo. `on_request(order_id, *arguments)` answers calls by hand that carry more than an order.
    """

    def declare(function: Callable[..., Any]) -> Task:
        name = f"{function.__module__}.{function.__name__}"
        step = Step(
            name=name,
            title=_first_sentence(function),
            queue=queue,
            retry=retry,
            effect=effect,
            work=_for_many(function, subject),
            priority=priority,
            subject=subject,
            timeout_seconds=timeout_seconds,
            together=DATABASE_BATCH if effect is Effect.DATABASE else at_once * MESSAGE_SIZE_IN_WINDOWS,
            at_once=at_once,
            rate_limit=rate_limit,
            looks_up=looks_up,
            reverses=reverses.name if reverses else "",
            when_withdrawn=when_withdrawn,
            on_request=on_request,
        )
        menu.add(step)
        return _as_task(step, function)

    return declare


def dispatcher_task(function: Callable[[bool], int]) -> Task:
    """
    Declare the task that dispatches: nudges and ticks are sent to it.
    """
    name = f"{function.__module__}.{function.__name__}"

    # No events: a tick a second would push everything else out of Flower.
    @shared_task(name=name, send_events=False, retry_on_worker_lost=False)
    def dispatch(hurry: bool = False) -> Report:  # noqa: FBT001, FBT002 - what a message says
        return {"success": True, "sent": function(hurry)}

    dispatch.__doc__ = function.__doc__
    menu.dispatcher = name
    return dispatch


@contextmanager
def declared_temporarily(function: Callable[..., Any], **how: Any) -> Iterator[Task]:
    """
    The menu with one more step, for as long as the block lasts: for tests.
    """
    task = post_payment_step(**how)(function)
    try:
        yield task
    finally:
        menu.remove(task.name)
        current_app.tasks.pop(task.name, None)


def _as_task(step: Step, function: Callable[..., Any]) -> Task:
    @shared_task(
        bind=True,
        name=step.name,
        max_retries=step.retry.times,
        default_retry_delay=step.retry.delay_seconds,
        retry_on_worker_lost=False,  # the row knows what to do
    )
    def task(self: Task, order_id: int | Sequence[int], *arguments: Any) -> Report | None:
        if self.request.ignore_result and not arguments:
            answers.to_the_dispatcher(step, order_id)
            return None
        return answers.by_hand(step, order_id, *arguments)

    task.__doc__ = function.__doc__
    return task


def _for_many(function: Callable[..., Any], subject: Subject) -> Callable[[Sequence[int]], dict[int, Any]]:
    """
    The function in its form for many subjects.
    """
    one = "order_id" if subject is Subject.ORDER else "refund_id"
    parameters = list(inspect.signature(function).parameters)
    if parameters == [f"{one}s"]:
        return function
    if parameters == [one]:
        return lambda subject_ids: {subject_id: function(subject_id) for subject_id in subject_ids}
    raise TypeError(
        f"{function.__qualname__}({', '.join(parameters)}) cannot be a step: it must take either `{one}` "
        f"or `{one}s`, and nothing else."
    )


def _first_sentence(function: Callable[..., Any]) -> str:
    text = inspect.getdoc(function) or ""
    if not text:
        raise TypeError(
            f"{function.__qualname__} needs a docstring: its first sentence is shown wherever steps are."
        )
    return text.split("\n\n", maxsplit=1)[0].replace("\n", " ").strip()
