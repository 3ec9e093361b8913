"""
One house for the whole sweep, whose processes look for wishes.
"""

import os
from collections.abc import Iterator

import pytest
from django.core.management import call_command

from tests.acceptance.conftest import our_database
from tests.acceptance.house import House
from tests.acceptance.plain import application
from tests.chaos.sweep.passing_time import PassingTime
from tests.chaos.sweep.scene import Scene
from tests.chaos.sweep.wishes import Wishes

SEED = int(os.environ.get("SEED", "7"))


@pytest.fixture(scope="module")
def stage(standing_house: House, tmp_path_factory, django_db_blocker) -> Iterator[Scene]:
    """
    The house with one worker, empty at the beginning.
    """
    house = standing_house
    before = house.crew.environment
    wishes = Wishes(tmp_path_factory.mktemp("wishes") / "wish")
    with our_database(house.addresses, house.servers.home, django_db_blocker):
        call_command("flush", interactive=False, verbosity=0)
        house.kill_worker("web")
        house.crew.environment = {**before, "ISOLATED_CRASH_AT": str(wishes.file)}
        house.start_web()
        # Celery takes ten seconds to note that a killed child's message is not worked at any more.
        house.start_worker(ISOLATED_CELERY_WORKER_PREFETCH_MULTIPLIER="4")
        yield Scene(house=house, wishes=wishes, time=PassingTime(application(house.addresses.broker_url)))
        house.kill_worker()
        house.crew.environment = before


@pytest.fixture
def scene(stage: Scene) -> Iterator[Scene]:
    """
    The house between two crashes: everything works.
    """
    stage.mend()
    yield stage
    stage.mend()
