"""
Twenty orders through each system that is compared: real servers, real workers, and every effect looked at.
"""

import json
import subprocess
import sys

import pytest

from benchmarks.place import ROOT
from benchmarks.tests.small_run import ORDERS, SPOILS

pytestmark = pytest.mark.acceptance

PATIENCE_SECONDS = 270
SYSTEMS = ("ours", "celery_tuned", "huey_tuned", "dramatiq_tuned", "celery_tutorial", "procrastinate_tuned")


@pytest.fixture(scope="module")
def run():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.tests.small_run"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4_000:]
    return json.loads(done.stdout.splitlines()[-1])


class TestSystem:
    @pytest.mark.parametrize("system", SYSTEMS)
    def test_does_all_six_effects_of_every_order_and_says_what_it_cost(self, run, system):
        told = run["systems"][system]
        if "not_installed" in told:
            pytest.skip(told["not_installed"])

        # The run audits itself: it would not have come to its end.
        assert told["orders"] == ORDERS
        assert set(told["by_part"]) == {"cashier", "workers", "postgres", "broker"}
        assert told["by_part"]["workers"] > 0
        assert told["cpu_ms_per_order"] == pytest.approx(sum(told["by_part"].values()), abs=0.01)


class TestAudit:
    @pytest.mark.parametrize("spoil", SPOILS)
    def test_complains_when(self, run, spoil):
        assert run["spoiled"].get(spoil), f"The audit did not notice that {spoil}."
