"""
The engine with one of its safeguards taken out: what the machine must notice, or it proves nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from unittest.mock import patch

from pipeline import claims, dispatcher, inside, lost_leases

FENCE = "AND lease_token = %(token)s"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """
    A statement of the engine's with something else in its place.
    """

    name: str
    where: ModuleType
    statement: str
    instead: dict[str, str] | SimpleNamespace  # words of the statement, or something else altogether

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with patch.object(self.where, self.statement, self._instead()):
            yield

    def _instead(self) -> object:
        if not isinstance(self.instead, dict):
            return self.instead
        text = getattr(self.where, self.statement)
        for old, new in self.instead.items():
            assert old in text, f"{self.statement} does not say {old!r} any more: write {self.name!r} anew"
            text = text.replace(old, new)
        return text


MUTANTS = (
    Mutant(
        name="done without a fence",
        where=claims,
        statement="FINISH",
        instead={FENCE: "AND %(token)s::uuid IS NOT NULL", "state = 'running'": "true"},
    ),
    Mutant(
        name="failed without a fence",
        where=claims,
        statement="FAIL",
        instead={FENCE: "AND %(token)s::uuid IS NOT NULL", "state = 'running'": "true"},
    ),
    Mutant(
        name="sending without a fence",
        where=claims,
        statement="MARK_SENDING",
        instead={
            FENCE: "AND %(token)s::uuid IS NOT NULL",
            "AND coalesce(due_at, '-infinity') > clock_timestamp()": "",
        },
    ),
    Mutant(
        name="attempts are not counted when they begin",
        where=claims,
        statement="CLAIM",
        instead={"attempts + 1": "greatest(attempts, 1)"},
    ),
    Mutant(
        name="what is done is claimed again",
        where=claims,
        statement="CLAIM",
        instead={"state IN ('promised', 'sent')": "state IN ('promised', 'sent', 'done')"},
    ),
    Mutant(
        name="a pause is not obeyed by claims",
        where=claims,
        statement="CLAIM",
        instead={"WHERE pause.lane = pipeline_steprun.lane": "WHERE false"},
    ),
    Mutant(
        name="sending is not marked",
        where=claims,
        statement="MARK_SENDING",
        instead={"coalesce(sending_at, clock_timestamp())": "sending_at"},
    ),
    Mutant(
        name="an unknown outcome is forgotten",
        where=claims,
        statement="FAIL",
        instead={"CASE WHEN %(unknown)s THEN coalesce(sending_at, clock_timestamp()) END": "NULL"},
    ),
    Mutant(
        name="lost messages are not sent again",
        where=dispatcher,
        statement="TAKE",
        instead={"'promised', 'sent', 'waiting'": "'promised', 'waiting'"},
    ),
    Mutant(
        name="lost leases are not taken back",
        where=lost_leases,
        statement="TAKE_BACK",
        instead={"run.state = 'running'": "false"},
    ),
    Mutant(
        name="taken back for ever",
        where=lost_leases,
        statement="TAKE_BACK",
        instead={"run.attempts >= allowed.most": "false AND run.attempts >= allowed.most"},
    ),
    Mutant(
        name="done commits before its effect",
        where=inside,
        statement="transaction",
        instead=SimpleNamespace(atomic=nullcontext),
    ),
)
