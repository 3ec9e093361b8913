"""A place for each test that any user may pass through, and nothing left of it afterwards."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded import Servers
from embedded.tests.world import NOBODY, QUICK, Holder, eventually, holding, processes_of, query

MEMORY = Path("/dev/shm")
# Each test copies and deletes a database of 46 MB: in memory where there is plenty, else among the temporary files.
QUICK_DISK = MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2_000_000_000 else None


@pytest.fixture
def place() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="rms-embedded-", dir=QUICK_DISK))
    made.chmod(0o755)
    yield made
    while Holder.living:
        Holder.living.pop().kill()  # those of a test that failed; the others are gone already
    for note in list(made.rglob("home.json")):
        Servers(note.parent).remove()
    shutil.rmtree(made, ignore_errors=True)
    eventually(lambda: not processes_of(made))


@pytest.fixture(scope="session")
def used_home() -> Iterator[Path]:
    """
    A home that was used before, with a table in it, to be copied by those who do not test the first start.
    """
    made = Path(tempfile.mkdtemp(prefix="rms-embedded-used-", dir=QUICK_DISK))
    made.chmod(0o755)
    servers = Servers(made / "embedded", **QUICK)
    with holding(servers.home, durable=True):
        query(servers.addresses(), "CREATE TABLE kept_from_before AS SELECT 42 AS number")
        servers.stop()
    shutil.rmtree(servers.home / "logs")
    yield servers.home
    servers.remove()
    made.rmdir()


@pytest.fixture
def bare_home(place: Path) -> Path:
    return place / "var" / "embedded"


@pytest.fixture
def home(bare_home: Path, used_home: Path) -> Path:
    bare_home.parent.mkdir()
    subprocess.run(["cp", "-a", used_home, bare_home], check=True)
    return bare_home


@pytest.fixture
def servers(bare_home: Path) -> Servers:
    return Servers(bare_home, **QUICK)


@pytest.fixture
def systems_python() -> str:
    """
    A Python without wheels that every user can run; the one of these tests may live below somebody's home.
    """
    python = "/usr/bin/python3"
    new_enough = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    user = NOBODY if os.geteuid() == 0 else None
    if not Path(python).exists() or subprocess.run(new_enough, user=user, check=False).returncode:
        pytest.skip("no Python 3.11 of the system's own")
    return python


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("needs_root") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="only root can set this up"))
