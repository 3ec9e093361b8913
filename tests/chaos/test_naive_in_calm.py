"""
The control of the control: where nothing breaks, the naive pipeline does everything once. So what it loses, the faults took.
"""

import json
import os
import subprocess
import sys

import pytest

from tests.chaos.terms import ROOT

pytestmark = pytest.mark.acceptance

CALM = """
import json, os
import django
django.setup()
from tests.chaos.naive.verdict import soak_naive
from tests.chaos.terms import Terms
found = soak_naive(Terms(seed=7, load_seconds=6, orders_per_second=4), telling=lambda soak: None, faults=())
print(json.dumps([found.accepted, found.lost, found.doubled]))
"""


class TestNaivePipeline:
    def test_loses_and_doubles_nothing_while_nothing_breaks(self, tmp_path):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ISOLATED_")}
        told = {
            "DJANGO_SETTINGS_MODULE": "rms_backend.settings",
            "RMS_ISOLATED": "1",
            "ISOLATED_EMBEDDED_HOME": str(tmp_path / "unused"),
            "ISOLATED_LOG_LEVEL": "ERROR",
        }

        done = subprocess.run(
            [sys.executable, "-c", CALM],
            cwd=ROOT,
            env={**inherited, **told},
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )

        assert done.returncode == 0, done.stderr[-3_000:]
        accepted, lost, doubled = json.loads(done.stdout)
        assert accepted > 20
        assert (lost, doubled) == (0, 0)
