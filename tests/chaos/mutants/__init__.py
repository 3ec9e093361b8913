"""
Mutants of the pipeline: each does one thing wrong, and each must be caught.

`run_all(seed)` tries them in a house of their own; `python -m tests.chaos.mutants` does the same for a person.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.mutants.verdict import Verdict as Verdict

ROOT = Path(__file__).resolve().parent.parent.parent.parent
LONGEST_SECONDS = 900


class TrialFailed(RuntimeError):
    """
    There is no verdict: the house of the mutants did not stand.
    """


def run_all(seed: int, *, only: Sequence[str] = ()) -> list[Verdict]:
    """
    Try all mutants, or only these, in a process and a house of their own; raises TrialFailed.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ISOLATED_", "RMS_", "PYTEST_", "DJANGO_"))
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tests.chaos.mutants", "--json", f"--seed={seed}", *only],
        cwd=ROOT, env=inherited, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS,
    )  # fmt: skip
    if not ended.stdout:
        raise TrialFailed(ended.stderr[-3000:])
    return [Verdict(**json.loads(line)) for line in ended.stdout.splitlines()]
