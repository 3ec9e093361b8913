"""
The page that was asked for (docs/celery-task-queue.md), sentence by sentence: each is shown by a test that exists.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.isolation import ROOT

PAGE = ROOT / "docs" / "celery-task-queue.md"
TABLE = ROOT / "docs" / "seed-conformance.md"
# Headings under which the page promises nothing by itself.
ONLY_HEADINGS = {
    "Celery Task Queue Setup and Configuration", "Architecture", "Installation", "Running Celery Services", "Development",
    "Production", "Task Implementation", "Monitoring", "Testing", "Troubleshooting", "Performance Tuning",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """
    One line of the table: the section, what it says, and the tests that show it.
    """

    section: str
    says: str
    tests: tuple[str, ...]


def rows() -> list[Row]:
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [
        Row(section, says, tuple(re.findall(r"`([\w/.]+\.py(?:::\w+)*)`", tests)))
        for section, says, tests in cells
        if section not in ("section", "")
    ]


def headings() -> set[str]:
    # A "#" in a block of code begins a comment.
    prose = re.sub(r"```.*?```", "", PAGE.read_text(), flags=re.DOTALL)
    return {heading.strip() for heading in re.findall(r"^#+ (.+)$", prose, re.MULTILINE)}


@pytest.fixture(scope="module")
def collected() -> str:
    """
    What pytest collects for all tests of the table, one id a line.
    """
    wanted = sorted({test for row in rows() for test in row.tests})
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider", *wanted],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (
        f"The table names tests that do not exist:\n{done.stdout[-3_000:]}{done.stderr[-2_000:]}"
    )
    return done.stdout


class TestSeedConformance:
    def test_has_a_row_for_every_section_of_the_page(self):
        missing = headings() - ONLY_HEADINGS - {row.section for row in rows()}

        assert not missing, f"No row in {TABLE.name} is about: {sorted(missing)}."

    def test_speaks_of_sections_that_the_page_has(self):
        unknown = {row.section for row in rows()} - headings()

        assert not unknown, f"{TABLE.name} speaks of sections the page does not have: {sorted(unknown)}."

    def test_names_a_test_in_every_row(self):
        without = [f"{row.section}: {row.says}" for row in rows() if not row.tests]

        assert rows()
        assert not without, f"No test shows: {without}. Write one, and name it in {TABLE.name}."

    def test_names_tests_that_collect_something(self, collected: str):
        ids = collected.splitlines()
        empty = [
            test
            for row in rows()
            for test in row.tests
            if not any(found == test or found.startswith((f"{test}::", f"{test}[")) for found in ids)
        ]

        assert not empty, f"These collect no test: {sorted(set(empty))}."
