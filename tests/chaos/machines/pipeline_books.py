"""
How all step runs stand, and the rules that no mishap may break, whenever one looks.
"""

from collections import Counter
from dataclasses import dataclass

from pipeline.models import AT_REST, State
from pipeline.statements import rows
from pipeline.steps import Step

BOOKS = """
SELECT run.step, run.subject_id, run.state, run.attempts, run.due_at IS NULL, run.lease_token IS NULL, run.because,
       array(SELECT what::text FROM pipeline_stepevent WHERE step_run_id = run.id ORDER BY id)
  FROM pipeline_steprun run ORDER BY run.id
"""
EFFECTS = "SELECT order_id, count(*) FROM chaos_effect GROUP BY order_id"


@dataclass(frozen=True, kw_only=True)
class Run:
    """
    One row, with its history.
    """

    step: str
    order: int
    state: State
    attempts: int
    has_no_due: bool
    has_no_lease: bool
    because: str
    history: list[str]


@dataclass(frozen=True, kw_only=True)
class Books:
    """
    Everything that is committed at one moment.
    """

    runs: list[Run]
    effects: Counter[int]

    @classmethod
    def read(cls) -> "Books":
        names = ("step", "order", "state", "attempts", "has_no_due", "has_no_lease", "because", "history")
        runs = [Run(**dict(zip(names, row, strict=True))) for row in rows(BOOKS)]
        return cls(runs=runs, effects=Counter(dict(rows(EFFECTS))))

    def open(self) -> list[Run]:
        return [run for run in self.runs if run.state not in AT_REST]

    def done(self, step: str) -> set[int]:
        """
        The orders that the step is done with.
        """
        return {run.order for run in self.runs if run.step == step and run.state == State.DONE}

    def check_rows(self, steps: dict[str, Step]) -> None:
        """
        Whatever happened: a row is in one of the drawn states, and no attempt was made beyond the policy.
        """
        for run in self.runs:
            assert run.attempts <= steps[run.step].retry.attempts, f"too many attempts: {run}"
            assert run.has_no_due == (run.state in AT_REST), f"due while at rest, or at rest while due: {run}"
            assert run.has_no_lease == (run.state != State.RUNNING), f"a lease without its worker: {run}"
            assert run.because or run.state not in (State.BURIED, State.DISCARDED), f"no reason: {run}"
            if run.state == State.BURIED:
                assert run.history[-1] == "buried", f"buried without a line in the history: {run}"

    def check_promises(self, steps: dict[str, Step], promised: set[int]) -> None:
        """
        Every order that was paid has each step once; no other order has any.
        """
        there = Counter((run.step, run.order) for run in self.runs)
        assert there == Counter((step, order) for step in steps for order in promised), there

    def check_effects(self, ledger: str) -> None:
        """
        The effect of a database step is there exactly where the step is done, and once.
        """
        done = self.done(ledger)
        assert self.effects == Counter(done), f"effects {dict(self.effects)}, done {sorted(done)}"

    def check_burials(self, steps: dict[str, Step]) -> None:
        """
        Buried is only what failed for good, or used up every attempt of its policy.
        """
        for run in self.runs:
            if run.state == State.BURIED:
                spent = run.attempts == steps[run.step].retry.attempts
                assert spent or "PermanentFailure" in run.because, f"buried too early: {run}"
