"""
Tasks not executing: who works, on which queues, and does what is routed reach somebody?
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence

from django.conf import settings

from operations.doctor.configuration import OF_THE_ROUTES, complaints
from operations.doctor.finding import Finding, ok, problem, warning
from pipeline import broker
from pipeline.queues import Queue
from pipeline.roll_call import Present
from pipeline.routing import lane_of
from pipeline.steps import menu, short_name

STRAY = "celery"  # where Celery sends what nobody routed, without our settings
MANY_MESSAGES = 10_000
LANES = [queue.value for queue in Queue]


def somebody_works(crew: Sequence[Present]) -> list[Finding]:
    """
    Does any worker answer?
    """
    if not crew:
        said = "Tasks are not executed: no worker answers."
        remedy = f"Start one: `{_start()}`. If one runs, compare its CELERY_BROKER_URL with ours ({broker.address()})."
        return [problem("workers", said, remedy)]
    names = ", ".join(f"{worker.node} ({worker.concurrency or '?'})" for worker in crew)
    return [ok("workers", f"{len(crew)} answer, with so many processes or threads: {names}.")]


def every_queue_is_consumed(crew: Sequence[Present]) -> list[Finding]:
    """
    Does somebody take the messages of each queue, and of each lane that steps are routed to?
    """
    if not crew:
        return []
    consumed = {queue for worker in crew for queue in worker.queues}
    missing = [lane for lane in _lanes_in_use() if lane not in consumed]
    return [_unconsumed(lane) for lane in missing] or [
        ok("queues", f"Each has a consumer: {', '.join(_lanes_in_use())}.")
    ]


def every_step_is_known(crew: Sequence[Present]) -> list[Finding]:
    """
    Do all workers run this code?
    """
    known = {worker.node: worker.tasks for worker in crew if worker.tasks is not None}
    ours = {menu.dispatcher, *(step.name for step in menu)}
    lacking = {node: sorted(map(short_name, ours - tasks)) for node, tasks in known.items() if ours - tasks}
    return [
        problem("code", f"{node} does not know {', '.join(steps)}: it runs other code.", "Restart it.")
        for node, steps in lacking.items()
    ] or ([ok("code", "The workers know every step of the menu.")] if known else [])


def same_time_limit(crew: Sequence[Present]) -> list[Finding]:
    """
    Do all workers live by our CELERY_TASK_TIME_LIMIT?
    """
    ours = float(settings.CELERY_TASK_TIME_LIMIT)
    other = {
        worker.node: limit for worker in crew if (limit := worker.time_limit_seconds) not in (None, ours)
    }
    remedy = "Start it with the same environment as this command, or compare the two."
    same = [ok("workers", f"They live by our CELERY_TASK_TIME_LIMIT ({ours:.0f} s).")] if crew else []
    return [
        warning("workers", f"{node} lives by {limit:.0f} s, our settings say {ours:.0f} s.", remedy)
        for node, limit in other.items()
        if limit is not None
    ] or same


def routes() -> list[Finding]:
    """
    Does CELERY_TASK_ROUTES name queues and tasks that exist?
    """
    found = complaints(OF_THE_ROUTES, subject="routes")
    found += [_unknown_task(name) for name in _routed_names() if name not in menu and name != menu.dispatcher]
    return found or [ok("routes", "Every step travels on a queue that exists.")]


def queue_lengths(*, patience_seconds: float) -> list[Finding]:
    """
    How many messages wait in which queue?
    """
    lengths = broker.lengths([*LANES, STRAY], within_seconds=patience_seconds)
    stray = lengths.pop(STRAY)
    waiting = ", ".join(f"{queue} {count}" for queue, count in lengths.items() if count) or "none"
    found = [ok("messages", f"Waiting in the queues: {waiting}.")]
    if max(lengths.values()) > MANY_MESSAGES:
        said = f"More than {MANY_MESSAGES} messages wait in a queue: {waiting}."
        found = [
            warning("messages", said, "Start more workers for that queue, or see why its workers are slow.")
        ]
    return [*found, *(_strays(stray) if stray else [])]


def _lanes_in_use() -> list[str]:
    return list(dict.fromkeys([*LANES, *(lane_of(step) for step in menu)]))


def _unconsumed(lane: str) -> Finding:
    steps = [short_name(step.name) for step in menu if lane_of(step) == lane]
    said = f"Nobody consumes the queue {lane}" + (f": {', '.join(steps)} cannot happen." if steps else ".")
    if lane == Queue.POST_PAYMENT:
        said = f"Nobody consumes the queue {lane}: nothing at all is dispatched."
    if lane not in LANES:
        return problem("queues", said, f"Correct CELERY_TASK_ROUTES: the queues are {', '.join(LANES)}.")
    return problem("queues", said, f"Start a worker for it: `{_start(lane)}`")


def _start(lane: str = "") -> str:
    which = f" --queues={lane} --hostname={lane}@%h" if lane else ""
    return f"celery -A rms_backend worker --loglevel=info{which}"


def _routed_names() -> Iterator[str]:
    # Patterns and routers may mean tasks of other packages; a plain name below ours must be one of the menu.
    configured = settings.CELERY_TASK_ROUTES
    names = configured if isinstance(configured, Mapping) else ()
    ours = {step.name.rpartition(".")[0] for step in menu}
    return (
        name
        for name in names
        if isinstance(name, str) and name.rpartition(".")[0] in ours and "*" not in name
    )


def _unknown_task(name: str) -> Finding:
    close = difflib.get_close_matches(name, [step.name for step in menu], n=1)
    meant = f"Did you mean {close[0]}?" if close else "Remove it, or declare the step in payments/tasks.py."
    return warning("routes", f"CELERY_TASK_ROUTES names {name}, which is no step of the menu.", meant)


def _strays(count: int) -> list[Finding]:
    said = f"{count} messages lie in the queue {STRAY}, which nobody consumes: somebody publishes without our settings."
    return [warning("messages", said, "Find who (`-A rms_backend` is missing), or who routes tasks by hand.")]
