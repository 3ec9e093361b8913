"""
Calling the doctor as a person does, and reading what it says.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass

from tests.acceptance.house import House
from tests.isolation import ROOT

ALL_ANSWERS_WITHIN_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Report:
    """
    What the doctor wrote, and its exit code.
    """

    code: int
    text: str

    def finding(self, mark: str, subject: str) -> str:
        """
        The sentence (and the remedy) of the first finding with this mark and subject.
        """
        found = re.search(rf"^  {mark} {subject}: (.*(?:\n      → .*)?)", self.text, re.MULTILINE)
        assert found, f"no {mark} {subject} in:\n{self.text}"
        return found[1]

    @property
    def problems(self) -> list[str]:
        return re.findall(r"^  ✗ ([^:]+):", self.text, re.MULTILINE)


def doctor(house: House, *options: str, **told: str) -> Report:
    """
    `manage.py doctor`, told what the house's processes are told, and these variables besides.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ISOLATED_")}
    ended = subprocess.run(
        [sys.executable, "manage.py", "doctor", *options],
        cwd=ROOT,
        env={**inherited, **house.crew.environment, "PYTHONIOENCODING": "utf-8", **told},
        capture_output=True,
        text=True,
        timeout=ALL_ANSWERS_WITHIN_SECONDS,
        check=False,
    )
    assert ended.stderr == "", ended.stderr
    return Report(code=ended.returncode, text=ended.stdout)
