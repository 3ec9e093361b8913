"""
Opening and leaving the place of a run.
"""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.place import ROOT, SETTINGS, STRIPE_SECRET, Place, settle
from devtools.show.crew import Crew
from embedded import Servers

# Exact moments of commit, for latencies; the same server for everybody.
DATABASE_SETTINGS = {"track_commit_timestamp": "on"}


@contextmanager
def opened(home: Path | None = None) -> Iterator[Place]:
    """
    Open the place, point this process's settings at it (before `django.setup()`), and leave nothing behind.
    """
    signal.signal(signal.SIGTERM, _leave)  # told to end, we clear up as well
    home = home or ROOT / "var" / f"bench-{os.getpid()}"
    environment = _environment(home)
    for name in [name for name in os.environ if name.startswith("ISOLATED_")]:
        del os.environ[name]  # what another isolated run was told, tests for example, is not meant for us
    os.environ.update(environment)
    servers = Servers(home)
    place = Place(servers=servers, addresses=servers.ensure_running(), crew=_crew(home, environment))
    try:
        _set_up(place)
        settle(place)
        yield place
    finally:
        settle(None)
        place.dismiss()
        servers.remove()


def _leave(*_signal: object) -> None:
    sys.exit("The run was told to end.")


def _environment(home: Path) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "RMS_ISOLATED": "1",
        "ISOLATED_EMBEDDED_HOME": str(home),
        "ISOLATED_STRIPE_WEBHOOK_SECRETS": STRIPE_SECRET,
    }


def _crew(home: Path, environment: Mapping[str, str]) -> Crew:
    logs = home / "crew" / "logs"
    logs.mkdir(parents=True)
    return Crew(environment=environment, logs=logs)


def _set_up(place: Place) -> None:
    for name, value in DATABASE_SETTINGS.items():
        place.do(f"ALTER SYSTEM SET {name} = '{value}'")
    place.line.close()
    place.servers.stop()
    place.servers.ensure_running()
    place.run("django", "migrate", "--check")  # the first connection makes the tables
