"""
Everything that a run found, for machines.
"""

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos.report import Report
from tests.chaos.storm.catalogue import NOT_RUN
from tests.chaos.storm.strikes import Struck
from tests.chaos.terms import ROOT, commit

FOLDER = ROOT / "var" / "chaos"


def write(report: Report, *, to: Path | None = None) -> Path:
    """
    Write everything to `to`, or else to `var/chaos/<seed>-<date>.json`; returns where.
    """
    path = to or FOLDER / f"{report.terms.seed}-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_plain(document(report)), indent=2) + "\n")
    return path


def document(report: Report) -> dict[str, Any]:
    """
    The whole file.
    """
    verdict = report.verdict
    calls = verdict.soak.calls
    calm, stormy, refused = verdict.answers
    return {
        "seed": report.terms.seed,
        "commit": commit(),
        "ok": report.ok,
        "complaints": report.complaints(),
        "terms": asdict(report.terms),
        "orders_accepted": verdict.accepted,
        "unfinished": verdict.soak.unfinished(),
        "deliveries": _deliveries(report),
        "turned_away": dict(calls.knocks),
        "let_in": calls.let_in,
        "faults": [_fault(one, verdict.soak.began) for one in verdict.soak.storm.struck],
        "ended_by_themselves": dict(verdict.soak.house.steward.ended),
        "not_run": [asdict(cell) for cell in NOT_RUN],
        "sinks": [asdict(count) for count in verdict.counts],
        "letters_unexplained": verdict.unexplained,
        "buried": verdict.buried,
        "buried_wrongly": verdict.buried_wrongly,
        "not_buried": verdict.not_buried,
        "recovery_seconds": verdict.recoveries,
        "webhook_seconds": {"calm": asdict(calm), "under_faults": asdict(stormy), "attempts_failed": refused},
        "rest_seconds": verdict.soak.rest_seconds,
        "invariants": [asdict(judgement) for judgement in verdict.judgements],
        "naive": _naive(report),
        "mutants": [asdict(mutant) for mutant in report.mutants],
    }


def _deliveries(report: Report) -> dict[str, int]:
    script = report.verdict.soak.script
    return {
        "attempts": report.verdict.soak.calls.attempts,
        "events": len(script.events),
        "doubled": script.doubled,
        "out_of_order": script.shuffled,
    }


def _fault(struck: Struck, began: float) -> dict[str, Any]:
    return {
        "fault": struck.title,
        "after_seconds": round(struck.began - began, 2),
        "lasted_seconds": round(struck.mended - struck.began, 2),
        "destroyed": struck.destroyed,
        "trouble": struck.trouble,
    }


def _naive(report: Report) -> dict[str, Any] | None:
    naive = report.naive
    return naive and {
        "orders_accepted": naive.accepted,
        "faults": [one.title for one in naive.soak.storm.struck],
        "lost": naive.lost,
        "doubled": naive.doubled,
        "late": naive.late,
        "sinks": [asdict(count) for count in naive.counts],
        "sums": naive.sums,
    }


def _plain(value: Any) -> Any:
    # JSON knows neither tuples nor infinity.
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
