"""
The house of the acceptance tests, to be broken; and a server that answers what it hears.
"""

from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import built_house as built_house
from tests.acceptance.conftest import empty_house as empty_house
from tests.acceptance.conftest import house as house
from tests.acceptance.conftest import standing_house as standing_house
from tests.chaos.echo import Echo
from tests.chaos.proxy import FaultProxy


@pytest.fixture
def echo() -> Iterator[Echo]:
    """
    A server on a port of its own.
    """
    with Echo.on_tcp() as echo:
        yield echo


@pytest.fixture
def proxy(echo: Echo) -> Iterator[FaultProxy]:
    """
    The way to that server. Tests of the house have their own way to PostgreSQL or to the broker.
    """
    with FaultProxy(upstream=echo.address) as proxy:
        yield proxy
