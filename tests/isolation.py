"""
pytest plugin: the tests run on embedded servers of their own, whatever the environment or `.env` says.

Loaded with `-p` in pyproject.toml, because it must come before Django's settings are read.
"""

import os
import signal
from pathlib import Path

import pytest

from embedded import Servers

ROOT = Path(__file__).resolve().parent.parent
OURS = "RMS_TEST_SERVERS_STARTED_BY"

os.environ["RMS_ISOLATED"] = "1"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rms_backend.settings")
# Workers of pytest-xdist inherit this, so they all share the servers of the process that started them.
os.environ.setdefault("ISOLATED_EMBEDDED_HOME", str(ROOT / "var" / f"test-{os.getpid()}"))
os.environ.setdefault("ISOLATED_LOG_LEVEL", "ERROR")
os.environ.setdefault(OURS, str(os.getpid()))

# Where tests run in the background (nohup, a script's `&`) these are ignored, and every process they start inherits that.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")

servers = Servers(Path(os.environ["ISOLATED_EMBEDDED_HOME"]), durable=False)
addresses = servers.ensure_running()
if WORKER:
    # Each worker of pytest-xdist reads its own messages only: it gets a Valkey database to itself.
    database = int(WORKER.removeprefix("gw")) + 1
    os.environ["ISOLATED_CELERY_BROKER_URL"] = addresses.broker_url.replace(
        "virtual_host=0", f"virtual_host={database}"
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    """
    Remove the servers with everything they made, once the process that started them is through.
    """
    if os.environ[OURS] == str(os.getpid()):
        servers.remove()
