"""
The first start of an embedded database: tables, and a small demo restaurant with paid orders.

A configured database is never touched like this: there, `manage.py migrate` is somebody's decision.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from embedded import EmbeddedServersFailed
from rms_backend.environment import ROOT

PREPARING = "RMS_PREPARING_DATABASE"


@cache
def prepare(*, home: Path) -> None:
    """
    Migrate (and fill, the first time) unless that has been done for exactly these migrations; one process at a time.
    """
    if os.environ.get(PREPARING):
        return
    done = home / f"prepared-{_migrations()}"
    if done.exists():
        return
    with (home / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _carry_out(home)
            done.touch()


def _migrations() -> str:
    names = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("*/migrations/0*.py"))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]


def _carry_out(home: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, str(ROOT / "manage.py"), "prepare_embedded_database"],
        env={**os.environ, PREPARING: "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EmbeddedServersFailed(
            f"The embedded database below {home} could not be prepared. `make clean` begins anew. "
            f"It said:\n{done.stderr[-2000:]}"
        )
