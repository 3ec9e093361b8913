"""
A running till and its caller, fresh for each test.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from square import Square

from devtools.till import RunningTill, running_till
from devtools.till.tests.caller import Caller


@pytest.fixture
def till(tmp_path: Path) -> Iterator[RunningTill]:
    """Open a till for one test."""
    with running_till(home=tmp_path / "till") as running:
        yield running


@pytest.fixture
def caller(till: RunningTill) -> Caller:
    """Call that till."""
    return Caller(till.url, till.token)


@pytest.fixture
def square(till: RunningTill) -> Iterator[Square]:
    """Point the official SDK at the till."""
    with httpx.Client(trust_env=False, timeout=10) as client:
        yield Square(token=till.token, base_url=till.url, httpx_client=client)
