"""
High memory usage: what the workers take, together and each process, and whether results go again.
"""

from collections.abc import Sequence
from itertools import groupby

from django.conf import settings

from operations.doctor.finding import Finding, note, ok, problem, warning
from pipeline import result_store
from pipeline.memory import MemoryUse
from pipeline.roll_call import Present

MEGABYTE = 1_000_000
MOST_OF_THE_MACHINE = 0.8
BIG_PROCESS_BYTES = 500 * MEGABYTE
LESS = "Start workers with a smaller --concurrency, or make them begin afresh sooner: CELERY_WORKER_MAX_TASKS_PER_CHILD"


def of_machines(crew: Sequence[Present], *, limit_bytes: int | None) -> list[Finding]:
    """
    Do the workers of each machine (or container) fit into it?
    """
    told = sorted((worker for worker in crew if worker.memory), key=_machine)
    together = [
        _of_machine(machine, list(workers), limit_bytes) for machine, workers in groupby(told, key=_machine)
    ]
    silent = [worker.node for worker in crew if not worker.memory]
    return together + [
        note("memory", f"{node} does not tell what it takes: it runs other code.") for node in silent
    ]


def of_processes(crew: Sequence[Present]) -> list[Finding]:
    """
    Has one process grown much bigger than it should be?
    """
    biggest = {w.node: max((w.memory.main_bytes, *w.memory.child_bytes)) for w in crew if w.memory}
    remedy = f"{LESS}, or --max-memory-per-child=KILOBYTES. See which task it is: `celery -A rms_backend inspect active`."
    return [
        warning("processes", f"One process of {node} takes {_mb(bytes_)}.", remedy)
        for node, bytes_ in biggest.items()
        if bytes_ > BIG_PROCESS_BYTES
    ] or [
        ok("processes", f"The biggest takes {_mb(bytes_)}.")
        for bytes_ in [max(biggest.values(), default=0)]
        if bytes_
    ]


def results_expire() -> list[Finding]:
    """
    Are answers of tasks forgotten after a while?
    """
    seconds = settings.CELERY_RESULT_EXPIRES
    if not seconds:
        said = "High memory usage ahead: CELERY_RESULT_EXPIRES is off, so answers of tasks are kept for ever."
        return [problem("results", said, "Set CELERY_RESULT_EXPIRES = 3600 in the settings.")]
    return [ok("results", f"Answers of tasks are forgotten after {seconds} s.")]


def kept_results(*, patience_seconds: float) -> list[Finding]:
    """
    Are there answers that stay for ever, whatever the settings say now?
    """
    if not result_store.is_redis():
        return []
    kept = result_store.kept(within_seconds=patience_seconds)
    if kept.for_ever:
        said = f"{kept.for_ever} of {kept.looked_at} answers at {result_store.address()} stay for ever."
        remedy = "They come from a time or a program without CELERY_RESULT_EXPIRES: delete celery-task-meta-* there."
        return [warning("results", said, remedy)]
    return [ok("results", f"{kept.looked_at} answers are kept, each for a limited time.")]


def _of_machine(machine: str, crew: Sequence[Present], limit_bytes: int | None) -> Finding:
    memory = [worker.memory for worker in crew if worker.memory]
    taken = sum(use.sum_bytes for use in memory)
    has = min(use.limit_bytes for use in memory)
    most = limit_bytes or int(has * MOST_OF_THE_MACHINE)
    said = f"{_described(memory)} on {machine}: {_mb(taken)} of {_mb(has)}"
    if taken > most:
        remedy = f"{LESS}, or --max-memory-per-child=KILOBYTES. Or move workers to another machine."
        return problem("memory", f"High memory usage: {said}, more than {_mb(most)}.", remedy)
    return ok("memory", f"{said}; up to {_mb(most)} is fine.")


def _described(memory: Sequence[MemoryUse]) -> str:
    children = [bytes_ for use in memory for bytes_ in use.child_bytes]
    each = f" with {len(children)} processes of {_mb(sum(children) // len(children))}" if children else ""
    count = "1 worker" if len(memory) == 1 else f"{len(memory)} workers"
    return f"{count}{each}"


def _machine(worker: Present) -> str:
    return worker.memory.machine if worker.memory else ""


def _mb(bytes_: int) -> str:
    return f"{bytes_ / MEGABYTE:.0f} MB"
