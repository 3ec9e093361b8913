"""
The invariants of attempts: none too many, and nothing buried before its time.
"""

from collections.abc import Callable, Iterable
from typing import Any

from pipeline.failures import PermanentFailure
from pipeline.statements import rows
from pipeline.steps import menu
from tests.chaos.check.evidence import Evidence

ATTEMPTS = """
SELECT run.order_id, run.step, run.attempts
  FROM pipeline_steprun run JOIN unnest(%(steps)s::text[], %(most)s::int[]) AS policy(step, most) USING (step)
 WHERE run.attempts > policy.most
"""
BURIED_TOO_SOON = """
SELECT run.order_id, run.step, run.attempts, run.because
  FROM pipeline_steprun run JOIN unnest(%(steps)s::text[], %(most)s::int[]) AS policy(step, most) USING (step)
 WHERE run.state = 'buried' AND run.attempts < policy.most
   AND split_part(run.because, ':', 1) <> ALL(%(permanent)s)
"""


def attempts_stay_within_the_policy(_evidence: Evidence) -> list[str]:
    """No step run was tried more often than its policy allows."""
    return _each(ATTEMPTS, **_policies())


def buried_only_for_good_reason(_evidence: Evidence) -> list[str]:
    """What is buried has used up its policy's attempts, or failed for good."""
    return _each(BURIED_TOO_SOON, **_policies(), permanent=sorted(_names_of(PermanentFailure)))


INVARIANTS_OF_ATTEMPTS: dict[str, Callable[[Evidence], list[str]]] = {
    "I10": attempts_stay_within_the_policy,
    "I11": buried_only_for_good_reason,
}


def _each(statement: str, **values: Any) -> list[str]:
    return [" ".join(map(str, row)) for row in rows(statement, **values)]


def _policies() -> dict[str, list[Any]]:
    steps = list(menu)
    return {"steps": [step.name for step in steps], "most": [step.retry.attempts for step in steps]}


def _names_of(failure: type[Exception]) -> Iterable[str]:
    yield failure.__name__
    for kind in failure.__subclasses__():
        yield from _names_of(kind)
