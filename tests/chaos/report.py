"""
What a run came to: a table for people, a file for machines, one sentence.
"""

import json
import math
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from tests.chaos.check.recovery import Times
from tests.chaos.naive.verdict import NaiveVerdict
from tests.chaos.ours import Verdict
from tests.chaos.storm.catalogue import NOT_RUN
from tests.chaos.terms import ROOT, Terms, commit

FOLDER = ROOT / "var" / "chaos"
RULE_OF_THREE = 3  # of n tries without one failure, at most 3/n fail, 95 times of 100


@dataclass(frozen=True, kw_only=True)
class Report:
    """
    The figures of one run.
    """

    terms: Terms
    verdict: Verdict
    naive: NaiveVerdict | None = None

    @property
    def ok(self) -> bool:
        return self.verdict.ok and self._naive_failed

    @property
    def _naive_failed(self) -> bool:
        return self.naive is None or self.naive.lost + self.naive.doubled > 0

    @property
    def sentence(self) -> str:
        lost = sum(len(count.lost) for count in self.verdict.counts)
        doubled = sum(len(count.doubled) for count in self.verdict.counts)
        held = sum(judgement.ok for judgement in self.verdict.judgements)
        faults = len(self.verdict.soak.storm.struck)
        if self.ok:
            return (
                f"[bold green]{self.verdict.accepted:,} orders accepted under {faults} faults: lost 0, doubled 0, "
                f"invariants {held} of {len(self.verdict.judgements)}{self._beside}.[/]"
            )
        return (
            f"[bold red]It does not hold: lost {lost}, doubled {doubled}; {'; '.join(self.complaints())}.[/]"
        )

    @property
    def _beside(self) -> str:
        if self.naive is None:
            return ""
        return f"; the naive control lost {self.naive.lost} and doubled {self.naive.doubled} of {self.naive.accepted:,} orders' follow-ups"

    def complaints(self) -> list[str]:
        verdict = self.verdict
        return [
            *(f"{c.sink}: {len(c.unexpected)} unexpected" for c in verdict.counts if c.unexpected),
            *(f"{j.name} broken: {', '.join(j.against[:3])}" for j in verdict.judgements if not j.ok),
            *(f"buried though nobody refused it: {words}" for words in verdict.buried_wrongly[:3]),
            *(f"not buried though refused: {words}" for words in verdict.not_buried[:3]),
            *(
                []
                if self._naive_failed
                else ["the naive control lost and doubled nothing: the faults were too weak"]
            ),
            *(f"let in: {kind}" for kind in verdict.soak.calls.let_in[:3]),
        ]

    def table(self) -> Table:
        drawn = Table(
            "", "", "", title=f"Chaos, seed {self.terms.seed}, commit {commit()}", title_justify="left"
        )
        for what, found, ok in self.lines():
            drawn.add_row(what, found, "" if ok is None else "[green]ok[/]" if ok else "[red]WRONG[/]")
        return drawn

    def lines(self) -> list[tuple[str, str, bool | None]]:
        """
        The lines of the table: what, how much, and whether that is right (None: it is only told).
        """
        return [
            *self._load(),
            *self._sinks(),
            *self._burials(),
            *self._times(),
            *self._invariants(),
            *self._control(),
        ]

    def write(self) -> Path:
        """
        Write everything to `var/chaos/<seed>-<date>.json`, and return where.
        """
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{self.terms.seed}-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
        path.write_text(json.dumps(_plain(self.document()), indent=2) + "\n")
        return path

    def document(self) -> dict[str, Any]:
        """
        Everything that was found, for machines.
        """
        verdict = self.verdict
        calls, storm = verdict.soak.calls, verdict.soak.storm.struck
        return {
            "seed": self.terms.seed,
            "commit": commit(),
            "ok": self.ok,
            "terms": asdict(self.terms),
            "orders_accepted": verdict.accepted,
            "deliveries": {"attempts": calls.attempts, "knocks": dict(calls.knocks), "let_in": calls.let_in},
            "faults": [{**asdict(one), "planned": one.title} for one in storm],
            "not_run": [asdict(cell) for cell in NOT_RUN],
            "sinks": [asdict(count) for count in verdict.counts],
            "buried": verdict.buried,
            "buried_wrongly": verdict.buried_wrongly,
            "not_buried": verdict.not_buried,
            "recovery_seconds": verdict.recoveries,
            "webhook_seconds": {
                "calm": asdict(verdict.answers[0]),
                "under_faults": asdict(verdict.answers[1]),
            },
            "rest_seconds": verdict.soak.rest_seconds,
            "invariants": [asdict(judgement) for judgement in verdict.judgements],
            "naive": self._naive_document(),
            "complaints": self.complaints(),
        }

    # The parts of the table

    def _load(self) -> list[tuple[str, str, bool | None]]:
        soak = self.verdict.soak
        script, calls, storm = soak.script, soak.calls, soak.storm.struck
        knocks = ", ".join(f"{count} {kind}" for kind, count in sorted(calls.knocks.items()))
        failed = [one for one in storm if one.trouble]
        return [
            ("orders accepted (2xx)", f"{self.verdict.accepted:,} of {len(script.payers):,} paid", None),
            ("deliveries", f"{calls.attempts:,}: {len(script.events):,} events, {script.doubled:,} of them again, "
             f"{script.shuffled:,} out of order", None),
            ("turned away at the door", f"{sum(calls.knocks.values())}: {knocks}", not calls.let_in),
            ("faults", f"{len(storm)}, of {len({one.title for one in storm})} kinds", None),
            *((f"  {component}", f"{count}", None) for component, count in _by_component(storm).items()),
            *((f"  could not be made: {one.title}", one.trouble, False) for one in failed),
            ("messages destroyed in the broker", f"{sum(one.destroyed for one in storm):,}", None),
        ]  # fmt: skip

    def _sinks(self) -> list[tuple[str, str, bool | None]]:
        lines: list[tuple[str, str, bool | None]] = []
        for count in self.verdict.counts:
            copies = f", {count.copies} second copies" if count.copies else ""
            words = f"{count.found:,} of {count.expected:,}: lost {len(count.lost)}, doubled {len(count.doubled)}{copies}"
            lines.append((count.sink, words, count.ok))
        unknown = sum(count.unknown_outcomes for count in self.verdict.counts)
        copies_in_all = sum(count.copies for count in self.verdict.counts)
        lines.append(
            ("letters with an unknown outcome", f"{unknown}, of which {copies_in_all} came twice", None)
        )
        return lines

    def _burials(self) -> list[tuple[str, str, bool | None]]:
        verdict = self.verdict
        wrong = len(verdict.buried_wrongly) + len(verdict.not_buried)
        return [("buried, as refused for good", f"{verdict.buried}, and {wrong} wrongly", not wrong)]

    def _times(self) -> list[tuple[str, str, bool | None]]:
        verdict = self.verdict
        calm, stormy, refused = verdict.answers
        every = Times.of(seconds for found in verdict.recoveries.values() for seconds in found)
        rest = verdict.soak.rest_seconds
        return [
            ("recovery, all faults: p50 / p95 / max", f"{every.p50:.1f} / {every.p95:.1f} / {every.max:.1f} s", None),
            *((f"  {title}", _spread(found), None) for title, found in sorted(verdict.recoveries.items())),
            ("webhook, calm: p50 / p99", _answers(calm), None),
            ("webhook, under faults: p50 / p99", f"{_answers(stormy)}; {refused} attempts were not accepted", None),
            ("everything at rest after the last mending", "never" if rest is None else f"{rest:.1f} s", rest is not None),
        ]  # fmt: skip

    def _invariants(self) -> list[tuple[str, str, bool | None]]:
        judged = self.verdict.judgements
        broken = [(f"  {j.name} {j.sentence}", "; ".join(j.against[:3]), False) for j in judged if not j.ok]
        bound = RULE_OF_THREE / max(1, self.verdict.accepted)
        return [
            ("invariants", f"{sum(j.ok for j in judged)} of {len(judged)}", not broken),
            *broken,
            ("so at most (95 %)", f"{100 * bound:.3f} % of orders, by 3/N; the crash sweep is the stronger proof", None),
        ]  # fmt: skip

    def _control(self) -> list[tuple[str, str, bool | None]]:
        if self.naive is None:
            return []
        naive = self.naive
        title = f"{naive.accepted:,} accepted, {len(naive.soak.storm.struck)} faults: lost {naive.lost}, doubled {naive.doubled}"
        sums = [
            (f"  {what}", f"{abs(off)} {'over' if off > 0 else 'short'}", None)
            for what, off in naive.sums.items()
        ]
        return [
            ("naive control, must fail", title, self._naive_failed),
            *((f"  {c.sink}", f"lost {len(c.lost)}, doubled {len(c.doubled)}", None) for c in naive.counts),
            *sums,
        ]

    def _naive_document(self) -> dict[str, Any] | None:
        naive = self.naive
        return naive and {
            "orders_accepted": naive.accepted,
            "faults": [one.title for one in naive.soak.storm.struck],
            "lost": naive.lost,
            "doubled": naive.doubled,
            "sinks": [asdict(count) for count in naive.counts],
            "sums": naive.sums,
        }


def _by_component(storm: Any) -> dict[str, int]:
    return dict(sorted(Counter(one.planned.fault.component for one in storm).items()))


def _spread(found: list[float]) -> str:
    times = Times.of(found)
    return f"{times.p50:.1f} / {times.p95:.1f} / {times.max:.1f} s ({times.count})"


def _answers(times: Times) -> str:
    return f"{1000 * times.p50:.0f} / {1000 * times.p99:.0f} ms ({times.count:,})"


def _plain(value: Any) -> Any:
    # JSON knows neither tuples nor infinity.
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
