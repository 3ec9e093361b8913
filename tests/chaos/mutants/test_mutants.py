"""
What watches over the product sees each mutant. An ordinary run tries two of them; SWEEP=full tries all.
"""

import os
import subprocess
import sys

import pytest

from tests.chaos.mutants import run_all
from tests.chaos.mutants.mutations import BY_NAME
from tests.chaos.mutants.which import BY_MUTANT
from tests.isolation import ROOT

SEED = int(os.environ.get("SEED", "7"))
A_FEW = ("end_without_a_fence", "finish_in_a_transaction_of_its_own")
TRIED = tuple(BY_NAME) if os.environ.get("SWEEP") == "full" else A_FEW


class TestMutants:
    @pytest.mark.acceptance
    @pytest.mark.timeout(900)
    def test_are_caught(self):
        verdicts = run_all(SEED, only=TRIED)

        assert sorted(verdict.name for verdict in verdicts) == sorted(TRIED)
        assert not [verdict for verdict in verdicts if not verdict.caught]

    def test_have_a_scenario_each(self):
        assert BY_NAME.keys() == BY_MUTANT.keys()

    def test_live_in_isolated_processes_only(self, tmp_path):
        told = {name: value for name, value in os.environ.items() if "ISOLATED" not in name}
        told |= {"EMBEDDED_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tests.chaos.mutants.settings"}

        found = subprocess.run(
            [sys.executable, "-c", "import django; django.setup()"],
            cwd=ROOT, env=told, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

        assert "They live in isolated processes only" in found.stderr
