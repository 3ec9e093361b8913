"""
No dangerous place is without its crash point, no crash point without its crash, and none of them lives in production.
"""

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import crash_points
from pipeline.crash_points import Point
from tests.architecture.test_settings import PRODUCTION, settings_with
from tests.chaos.sweep.roads import ACTIONS, INSIDE, OUTSIDE, all_cases, slice_of_cases
from tests.isolation import ROOT

PRODUCT = (
    "rms_backend", "operations", "payments", "notifications", "pos", "analytics", "loyalty", "inventory", "orders",
    "pipeline",
)  # fmt: skip
REMEDY = (
    "Write crash_point(Point.SOMETHING), as a statement of its own, with a point of pipeline/crash_points.py."
)


class TestEachCrashPoint:
    def test_is_called_in_exactly_one_place(self):
        called = Counter(name for name, _ in calls())

        assert called == dict.fromkeys(Point.__members__, 1), REMEDY

    def test_has_a_name_of_its_own_and_says_what_is_half_done(self):
        assert len({point.title for point in Point}) == len(Point)
        assert all(point.meaning for point in Point)

    def test_is_swept_with_every_action(self):
        assert {(case.point, case.action) for case in all_cases()} == {(p, a) for p in Point for a in ACTIONS}

    @pytest.mark.parametrize("seed", range(5))
    def test_is_killed_in_an_ordinary_run(self, seed):
        assert {case.point for case in slice_of_cases(seed) if case.action == "kill"} == set(Point)

    @pytest.mark.parametrize(("file", "points"), [("inside.py", INSIDE), ("window.py", OUTSIDE)])
    def test_of_an_executor_is_swept_for_every_step_that_it_carries_out(self, file, points):
        assert {Point[name] for name, path in calls() if path == ROOT / "pipeline" / file} == points, (
            f"Name the points of pipeline/{file} in tests/chaos/sweep/roads.py too."
        )


class TestOutsideOfIsolatedRuns:
    def test_nobody_listens(self):
        assert crash_points._listener is None

    def test_crashes_are_refused_in_production(self):
        found = settings_with({**PRODUCTION, "CRASH_AT": "/tmp/wish"})

        assert "CRASH_AT lets processes die on purpose" in found.stderr

    def test_crashes_are_refused_in_development(self, tmp_path):
        told = {name: value for name, value in os.environ.items() if "ISOLATED" not in name}
        told |= {"CRASH_AT": "/tmp/wish", "EMBEDDED_HOME": str(tmp_path), "DJANGO_DEBUG": "1"}

        found = subprocess.run(
            [sys.executable, "manage.py", "check"],
            cwd=ROOT, env=told, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

        assert found.returncode != 0
        assert "(RMS_ISOLATED=1) only. Unset it." in found.stderr


def calls() -> Iterator[tuple[str, Path]]:
    """
    The point and the file of each call in the product; one that names its point in any other way fails here.
    """
    for package in PRODUCT:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "tests" in path.parts or path.name == "crash_points.py":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("crash_point"):
                    named = ast.unparse(node.args[0]).split(".")
                    assert named[0] == "Point", f"{path}:{node.lineno}: {REMEDY}"
                    yield named[1], path
