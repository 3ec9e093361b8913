"""
The mutants of our own pipeline as a control of the run: each must be caught. They have a process and a house of their own.
"""

import json
import os
import subprocess
import sys
from collections.abc import Collection, Sequence

from tests.chaos.mutants.mutations import BY_NAME
from tests.chaos.report import Mutant
from tests.chaos.terms import ROOT

LONGEST_SECONDS = 900


class NotTried(RuntimeError):
    """
    The mutants could not be tried, so nothing is known about them; the sentence quotes what they said.
    """


def try_mutants(*, seed: int) -> list[Mutant]:
    """
    Try all mutants; raises NotTried.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.mutants", f"--seed={seed}", "--json"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("ISOLATED_", "RMS_"))},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    found = read_verdicts(done.stdout)
    if missing := not_all_tried(found, wanted=BY_NAME, code=done.returncode):
        raise NotTried(f"The mutants could not be tried: {missing}. {done.stderr[-500:]}")
    return found


def not_all_tried(found: Sequence[Mutant], *, wanted: Collection[str], code: int) -> str:
    """
    Why these verdicts do not tell of all mutants, in words, or "": each has one, and the code says the same as they do.
    """
    names = sorted(mutant.name for mutant in found)
    if names != sorted(wanted):
        return f"wanted one verdict each of {', '.join(sorted(wanted))}, and got {', '.join(names) or 'none'}"
    right = 0 if all(mutant.caught_by for mutant in found) else 1
    return "" if code == right else f"they ended with {code}, where their verdicts mean {right}"


def read_verdicts(lines: str) -> list[Mutant]:
    """
    Read what `python -m tests.chaos.mutants --json` writes: one verdict a line.
    """
    verdicts = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    return [Mutant(name=one["name"], caught_by=one["by"] if one["caught"] else "") for one in verdicts]
