"""
A house that moves to another broker, and a visitor who tries what works there.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orders.models import Order
from tests.acceptance.house import House
from tests.isolation import ROOT


@contextmanager
def moved_to(house: House, broker_url: str, *, worker: bool = True, **environment: str) -> Iterator[House]:
    """
    The house with its web and its worker on this broker, for the length of the block.
    """
    before = house.crew.environment
    house.crew.dismiss()
    house.crew.environment = {**before, "ISOLATED_CELERY_BROKER_URL": broker_url, **environment}
    try:
        house.start_web()
        if worker:
            house.start_worker()
        yield house
    finally:
        house.crew.dismiss()
        house.crew.environment = before
        house.start_web()


def visit(house: House, order: Order) -> dict[str, Any]:
    """
    What the visitor saw and was answered.
    """
    said = run_in(house, "-m", "tests.acceptance.visitor", str(order.pk))
    assert said.returncode == 0, said.stderr
    return dict(json.loads(said.stdout.splitlines()[-1]))


def run_in(house: House, *argv: str) -> subprocess.CompletedProcess[str]:
    """
    Run Python to its end, as one more process of the house.
    """
    return subprocess.run(
        [sys.executable, *argv],
        cwd=ROOT,
        env=house.crew.told(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
