"""
What a run came to: one sentence, and whether it is as it must be.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from tests.chaos.naive.verdict import NaiveVerdict
from tests.chaos.ours import Verdict
from tests.chaos.terms import Terms, commit


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """
    One seeded fault in our own pipeline, and what caught it ("" where it survived).
    """

    name: str
    caught_by: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """
    The findings of one run. `naive` and `mutants` are the controls that must fail; without them nothing is said of them.
    """

    terms: Terms
    verdict: Verdict
    naive: NaiveVerdict | None = None
    mutants: Sequence[Mutant] = ()

    @property
    def ok(self) -> bool:
        return self.verdict.ok and self.naive_failed and not self.surviving

    @property
    def naive_failed(self) -> bool:
        return self.naive is None or self.naive.lost + self.naive.doubled > 0

    @property
    def surviving(self) -> list[str]:
        return [mutant.name for mutant in self.mutants if not mutant.caught_by]

    @property
    def sentence(self) -> str:
        """
        What the run came to, in one sentence.
        """
        verdict = self.verdict
        lost = sum(len(count.lost) for count in verdict.counts)
        doubled = sum(len(count.doubled) for count in verdict.counts)
        if not self.ok:
            told = "; ".join(self.complaints())
            return f"[bold red]It does not hold: lost {lost}, doubled {doubled}. {told}.[/]"
        held = f"invariants {sum(j.ok for j in verdict.judgements)} of {len(verdict.judgements)}"
        faults = f"{verdict.accepted:,} orders accepted under {len(verdict.soak.storm.struck)} faults"
        said = [f"{faults}: lost {lost}, doubled {doubled}, {held}", *self._of_the_controls()]
        return f"[bold green]{'; '.join(said)}.[/]"

    def complaints(self) -> list[str]:
        """
        What is not as it must be, each in a few words.
        """
        verdict = self.verdict
        return [
            *verdict.soak.unfinished(),
            *(f"{c.sink}: {len(c.unexpected)} unexpected" for c in verdict.counts if c.unexpected),
            *(f"{j.name} is broken: {', '.join(j.against[:3])}" for j in verdict.judgements if not j.ok),
            *(f"buried though nobody refused it: {words}" for words in verdict.buried_wrongly[:3]),
            *(f"not buried though refused: {words}" for words in verdict.not_buried[:3]),
            *(f"could not be made: {o.title}: {o.trouble}" for o in verdict.soak.storm.struck if o.trouble),
            *(f"outside any fault: {words}" for words in verdict.unexplained[:3]),
            *(f"let in: {kind}" for kind in verdict.soak.calls.let_in[:3]),
            *([] if self.naive_failed else ["the naive control lost and doubled nothing: the faults are too weak"]),
            *(f"the mutant {name} was not caught" for name in self.surviving),
        ]  # fmt: skip

    def table(self, lines: Sequence[tuple[str, str, bool | None]]) -> Table:
        """
        The lines as a table: what, how much, and whether that is right (None: it is only told).
        """
        drawn = Table(
            "", "", "", title=f"Chaos, seed {self.terms.seed}, commit {commit()}", title_justify="left"
        )
        for what, found, ok in lines:
            drawn.add_row(what, found, "" if ok is None else "[green]ok[/]" if ok else "[red]WRONG[/]")
        return drawn

    def _of_the_controls(self) -> list[str]:
        naive, mutants = self.naive, self.mutants
        said = []
        if naive is not None:
            said.append(
                f"the naive control, under the same kinds of faults in a shorter run, lost {naive.lost} and doubled"
                f" {naive.doubled} follow-ups of {naive.accepted:,} orders ({naive.not_yet} more were not done yet)"
            )
        if mutants:
            said.append(f"{len(mutants) - len(self.surviving)} of {len(mutants)} mutants caught")
        return said
