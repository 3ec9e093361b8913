"""
The lines of the report's table, in the order in which they are read.
"""

from collections import Counter
from collections.abc import Sequence

from tests.chaos.check.recovery import Times
from tests.chaos.ours import Verdict
from tests.chaos.report import Report
from tests.chaos.storm.catalogue import NOT_RUN
from tests.chaos.storm.strikes import Struck

RULE_OF_THREE = 3  # of n tries without one failure, at most 3/n fail, 95 times of 100

Line = tuple[str, str, bool | None]  # what, how much, and whether that is right (None: it is only told)


def lines(report: Report) -> list[Line]:
    """
    The whole table.
    """
    verdict = report.verdict
    return [
        *_load(verdict),
        *_storm(verdict.soak.storm.struck),
        _whole(verdict),
        _ended(verdict),
        *_sinks(verdict),
        *_times(verdict),
        *_invariants(verdict),
        *_controls(report),
    ]


def _load(verdict: Verdict) -> list[Line]:
    script, calls = verdict.soak.script, verdict.soak.calls
    knocks = ", ".join(f"{count} {kind}" for kind, count in sorted(calls.knocks.items()))
    delivered = (
        f"{calls.attempts:,}: {len(script.events):,} events, {script.doubled:,} of them again, "
        f"{script.shuffled:,} out of order"
    )
    return [
        ("orders accepted (2xx)", f"{verdict.accepted:,} of {len(script.payers):,} that pay", None),
        ("deliveries", delivered, None),
        ("turned away at the door", f"{sum(calls.knocks.values())}: {knocks}", not calls.let_in),
    ]


def _storm(storm: Sequence[Struck]) -> list[Line]:
    components = Counter(one.planned.fault.component for one in storm)
    told = ", ".join(f"{count} {component}" for component, count in sorted(components.items()))
    return [
        ("faults", f"{len(storm)} of {len({one.title for one in storm})} kinds: {told}", None),
        *((f"  could not be made: {one.title}", one.trouble, False) for one in storm if one.trouble),
        *((f"  not run: {cell.component}, {cell.name}", cell.because, None) for cell in NOT_RUN),
        ("messages destroyed in the broker", f"{sum(one.destroyed for one in storm):,}", None),
    ]


def _whole(verdict: Verdict) -> Line:
    events = len(verdict.soak.script.events)
    unfinished = verdict.soak.unfinished()
    whole = f"all {events:,} events accepted in the end, every strike mended, no thread died"
    return ("the run is whole", "; ".join(unfinished) or whole, not unfinished)


def _ended(verdict: Verdict) -> Line:
    ended = verdict.soak.house.steward.ended
    told = ", ".join(f"{name} {count} times" for name, count in sorted(ended.items()))
    return ("ended by themselves, started again", told or "none", None)


def _sinks(verdict: Verdict) -> list[Line]:
    told: list[Line] = []
    for count in verdict.counts:
        copies = f", {count.copies} second copies" if count.copies else ""
        differs = f"lost {len(count.lost)}, doubled {len(count.doubled)}{copies}"
        told.append((count.sink, f"{count.found:,} of {count.expected:,}: {differs}", count.ok))
    unknown = sum(count.unknown_outcomes for count in verdict.counts)
    copies_in_all = sum(count.copies for count in verdict.counts)
    wrong = len(verdict.buried_wrongly) + len(verdict.not_buried)
    return [
        *told,
        (
            "letters with an unknown outcome",
            f"{unknown}, all under faults; {copies_in_all} came twice",
            not verdict.unexplained,
        ),
        ("buried, as refused for good", f"{verdict.buried}, and {wrong} wrongly", not wrong),
    ]


def _times(verdict: Verdict) -> list[Line]:
    calm, stormy, refused = verdict.answers
    every = Times.of(seconds for found in verdict.recoveries.values() for seconds in found)
    rest = verdict.soak.rest_seconds
    return [
        ("from a fault's mending until all orders of before are at rest", "p50 / p95 / max", None),
        ("  all faults", _spread(every), None),
        *(
            (f"  {title}", _spread(Times.of(found)), None)
            for title, found in sorted(verdict.recoveries.items())
        ),
        ("webhook, calm: p50 / p99", _answers(calm), None),
        ("webhook, under faults: p50 / p99", f"{_answers(stormy)}; {refused} attempts failed", None),
        ("at rest after the last mending", "never" if rest is None else f"{rest:.1f} s", rest is not None),
    ]


def _invariants(verdict: Verdict) -> list[Line]:
    judged = verdict.judgements
    broken: list[Line] = [
        (f"  {j.name} {j.sentence}", "; ".join(j.against[:3]), False) for j in judged if not j.ok
    ]
    bound = 100 * RULE_OF_THREE / max(1, verdict.accepted)
    return [
        ("invariants", f"{sum(j.ok for j in judged)} of {len(judged)}", not broken),
        *broken,
        ("with none lost, at most (95 %)", f"{bound:.3f} % of orders are, by 3/N", None),
    ]


def _controls(report: Report) -> list[Line]:
    told: list[Line] = []
    if (naive := report.naive) is not None:
        faults = f"{naive.accepted:,} orders, {len(naive.soak.storm.struck)} faults (the same kinds, a shorter run)"
        told = [
            (
                "naive control, must fail",
                f"{faults}: lost {naive.lost}, doubled {naive.doubled}; {naive.not_yet} more not done yet",
                report.naive_failed,
            ),
            *(
                (
                    f"  {c.sink}",
                    f"lost {len(c.lost)}, doubled {len(c.doubled)}, not done yet {naive.late[c.sink]}",
                    None,
                )
                for c in naive.counts
            ),
            *(
                (f"  {what}, in sum", f"{off:+d}, not done yet {naive.late[what]}", None)
                for what, off in naive.sums.items()
            ),
        ]
    if mutants := report.mutants:
        caught = f"{len(mutants) - len(report.surviving)} of {len(mutants)}"
        told.append(("mutants caught", caught, not report.surviving))
    return told


def _spread(times: Times) -> str:
    return f"{times.p50:.1f} / {times.p95:.1f} / {times.max:.1f} s ({times.count})"


def _answers(times: Times) -> str:
    return f"{1000 * times.p50:.0f} / {1000 * times.p99:.0f} ms ({times.count:,})"
