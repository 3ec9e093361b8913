"""
The house with a worker that says too much, and a Flower that looks at it.
"""

from pathlib import Path

import pytest
from django.core.management import call_command

from tests.acceptance.flower.process import FlowerProcess
from tests.acceptance.house import House


@pytest.fixture(scope="module")
def talker(built_house: House):
    """
    The house with a worker that also carries out tasks which say more than they should.
    """
    call_command("flush", interactive=False, verbosity=0)
    built_house.flush_broker()
    built_house.start_worker(
        "talker",
        DJANGO_SETTINGS_MODULE="tests.acceptance.flower.talkative.settings",
        ISOLATED_CELERY_WORKER_PREFETCH_MULTIPLIER="2",
    )
    yield built_house
    built_house.kill_worker("talker")


@pytest.fixture(scope="module")
def flower(talker: House):
    """
    Flower as a developer starts it.
    """
    flower = FlowerProcess(talker)
    flower.start()
    yield flower
    flower.kill()


@pytest.fixture
def door(tmp_path: Path):
    """
    What lingering tasks wait for; it is opened at the latest when the test is over.
    """
    yield tmp_path / "door"
    (tmp_path / "door").touch()
