"""
A slice of `make chaos` with a fixed seed: real servers, real processes, real faults, and the control that must fail.
"""

import json
import os
import subprocess
import sys

import pytest

from tests.chaos.terms import ROOT

pytestmark = pytest.mark.acceptance

SEED = 7
LONGEST_SECONDS = 420  # about 150 on an idle machine


class TestOneMinuteOfChaos:
    @pytest.mark.timeout(LONGEST_SECONDS + 10)
    def test_loses_nothing_and_doubles_nothing_while_the_naive_control_does(self, tmp_path):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.chaos",
                "--minutes=1",
                f"--seed={SEED}",
                f"--out={tmp_path / 'run.json'}",
            ],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("ISOLATED_")},
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )

        assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-3_000:]
        found = json.loads((tmp_path / "run.json").read_text())
        assert found["orders_accepted"] > 200
        assert len({fault["fault"] for fault in found["faults"]}) >= 8
        assert sum(len(sink["lost"]) + len(sink["doubled"]) for sink in found["sinks"]) == 0
        assert [judged["name"] for judged in found["invariants"]] == [f"I{n}" for n in range(1, 16)]
        assert found["naive"]["lost"] + found["naive"]["doubled"] > 0
