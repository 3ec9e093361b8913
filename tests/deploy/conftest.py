"""
Production on this machine, once for each file of tests.
"""

import os
from collections.abc import Iterator

import pytest

from tests.deploy.production import Production, home_of, running_production


@pytest.fixture(scope="module")
def production(request, tmp_path_factory, django_db_blocker) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("production")
    home = home_of(f"deploy-{os.getpid()}")
    with running_production(folder, home, django_db_blocker) as production:
        yield production
