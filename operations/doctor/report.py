"""
The doctor's report: for people, or as JSON for a machine.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import groupby

from operations.doctor.finding import Level
from operations.doctor.rounds import Result

MARKS = {Level.OK: "✓", Level.NOTE: "·", Level.WARNING: "!", Level.PROBLEM: "✗", "remedy": "→"}
PLAIN_MARKS = {Level.OK: "+", Level.NOTE: "-", Level.WARNING: "!", Level.PROBLEM: "x", "remedy": "->"}

Paint = Callable[[Level, str], str]


def has_problems(results: Sequence[Result]) -> bool:
    return any(result.finding.level is Level.PROBLEM for result in results)


def as_text(results: Sequence[Result], *, paint: Paint, encoding: str) -> str:
    """
    One line for each finding, by topic, and the verdict at the end; in what the screen can show.
    """
    text = "\n".join(_lines(results, paint, MARKS if _shows_all(encoding) else PLAIN_MARKS))
    return text.encode(encoding, errors="replace").decode(encoding)


def as_json(results: Sequence[Result]) -> str:
    """
    All findings and how many there are of each level.
    """
    findings = [{"topic": result.topic, **asdict(result.finding)} for result in results]
    return json.dumps({"well": not has_problems(results), "counts": _counts(results), "findings": findings})


def verdict(results: Sequence[Result]) -> str:
    """
    The last line: how it stands, in plain words.
    """
    counts = _counts(results)
    if not counts[Level.PROBLEM] and not counts[Level.WARNING]:
        return f"All well: {len(results)} checks."
    bad = [_several(counts[level], level) for level in (Level.PROBLEM, Level.WARNING) if counts[level]]
    return f"{', '.join(bad)}. {len(results)} checks; each line marked with an arrow says what to do."


def _lines(results: Sequence[Result], paint: Paint, marks: dict[str, str]) -> list[str]:
    lines: list[str] = []
    for topic, of_topic in groupby(results, key=lambda result: result.topic):
        lines += ["", topic]
        for finding in (result.finding for result in of_topic):
            lines.append(f"  {paint(finding.level, marks[finding.level])} {finding.subject}: {finding.said}")
            if finding.remedy:
                lines.append(f"      {marks['remedy']} {finding.remedy}")
    return [*lines[1:], "", verdict(results)]


def _counts(results: Sequence[Result]) -> dict[Level, int]:
    counted = Counter(result.finding.level for result in results)
    return {level: counted[level] for level in Level}


def _several(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _shows_all(encoding: str) -> bool:
    return encoding.lower().replace("-", "").startswith("utf")
