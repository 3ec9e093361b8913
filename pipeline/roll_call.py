"""
All workers that answer, each with what it consumes, which tasks it knows, and what it takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from celery import current_app

from pipeline.broker import connected
from pipeline.memory import MemoryUse

QUESTIONS = ("stats", "registered", "memory_use")


@dataclass(frozen=True, kw_only=True)
class Present:
    """
    A worker that answered. What it does not tell (an older version, another pool) is None.
    """

    node: str
    queues: tuple[str, ...]
    tasks: frozenset[str] | None = None
    concurrency: int | None = None
    time_limit_seconds: float | None = None
    memory: MemoryUse | None = None


def roll_call(*, within_seconds: float) -> list[Present]:
    """
    Call all workers and ask those that answer in time; by node name.
    """
    with connected(within_seconds=within_seconds) as connection:
        queues = _ask(connection, "active_queues", within_seconds=within_seconds)
        # Whoever is there is known now, so the other questions end with the last answer and not with the patience.
        nodes = sorted(queues)
        told = {
            question: _ask(connection, question, within_seconds=within_seconds, nodes=nodes)
            for question in QUESTIONS
            if nodes
        }
    return [
        _present(node, queues[node], {q: answers.get(node) for q, answers in told.items()}) for node in nodes
    ]


def _ask(
    connection: Any, question: str, *, within_seconds: float, nodes: Sequence[str] | None = None
) -> dict[str, Any]:
    answers = current_app.control.broadcast(
        question,
        reply=True,
        connection=connection,
        timeout=within_seconds,
        destination=nodes,
        limit=len(nodes) if nodes else None,
    )
    return {
        node: answer for answered in answers or [] for node, answer in answered.items() if _is_one(answer)
    }


def _is_one(answer: Any) -> bool:
    return not (isinstance(answer, dict) and "error" in answer)  # it does not know the question


def _present(node: str, queues: list[dict[str, Any]], told: dict[str, Any]) -> Present:
    pool = (told["stats"] or {}).get("pool", {})
    memory, tasks = told["memory_use"], told["registered"]
    return Present(
        node=node,
        queues=tuple(sorted(queue["name"] for queue in queues)),
        # Celery adds what was asked for besides the name: "payments.tasks.x [rate_limit=1/s]".
        tasks=None if tasks is None else frozenset(task.split(" ")[0] for task in tasks),
        concurrency=pool.get("max-concurrency"),
        time_limit_seconds=_hard_limit(pool),
        memory=None if memory is None else MemoryUse.told(memory),
    )


def _hard_limit(pool: dict[str, Any]) -> float | None:
    limits: list[float | None] = list(pool.get("timeouts") or ())
    return float(limits[1]) if len(limits) > 1 and limits[1] else None
