"""
The layers hold, and an import against them is found.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = (
    "rms_backend", "operations", "payments", "notifications", "pos", "analytics", "loyalty", "inventory", "orders",
    "pipeline", "embedded", "devtools", "benchmarks",
)  # fmt: skip
# What nobody may write, and the contract that says so.
FORBIDDEN = {
    "pipeline/runner.py": ("import orders.models", "Imports point down"),
    "orders/totals.py": ("import payments.services", "Imports point down"),
    "loyalty/points.py": ("import inventory.consumption", "Imports point down"),
    "inventory/consumption.py": ("import celery", "Celery is touched"),
    "payments/services.py": ("import stripe", "Stripe's library"),
    "notifications/receipts.py": ("import requests", "An HTTP library"),
    "pos/tickets.py": ("import devtools.till", "The product knows nothing"),
    "pos/answers.py": ("import benchmarks.place", "The product knows nothing"),
    "embedded/keeper.py": ("import django", "The embedded servers know nothing"),
}


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", root)
    return root


class TestLayers:
    def test_hold(self):
        found = lint_imports(ROOT)

        assert found.returncode == 0, found.stdout

    @pytest.mark.parametrize("path", FORBIDDEN)
    def test_are_guarded(self, copy: Path, path: str):
        line, contract = FORBIDDEN[path]
        victim = copy / path
        before = victim.read_text()
        victim.write_text(f"{before}\n{line}\n")

        found = lint_imports(copy)

        victim.write_text(before)
        assert found.returncode != 0, f"{line!r} in {path} went unnoticed"
        assert f"{contract}" in found.stdout
        assert "BROKEN" in next(row for row in found.stdout.splitlines() if row.startswith(contract))
