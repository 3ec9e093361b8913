"""
The stage: servers, database, mailbox and till of the show's own, fresh each time, and nobody's `.env`.
"""

import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from embedded import Servers

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / "var" / "show"
LOCK = ROOT / "var" / "show.lock"  # held while a show is on; holds its process id
# The policies stay as they are; only the waits shrink, so that a retry after two minutes happens after four seconds.
# With a backlog they must not shrink as much, or messages that are merely queued are taken for lost and sent again.
RETRY_TIME_SCALE = 0.03
RETRY_TIME_SCALE_IN_A_RUSH = 0.5


class AlreadyRunning(RuntimeError):
    """
    Only one show can be on in a checkout.
    """


@dataclass
class Stage:
    """
    Where the show takes place. Hold it as long as the show is on.
    """

    home: Path = HOME
    in_a_rush: bool = False
    lock: IO[str] | None = field(default=None, repr=False)

    def set(self) -> None:
        """
        Clear away what an earlier show left, and point this process and all its children at the new stage.
        """
        self.home.parent.mkdir(exist_ok=True)
        self.lock = LOCK.open("a+")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            raise AlreadyRunning("Another show is on in this checkout. `make down` ends it.") from taken
        self.lock.truncate(0)
        self.lock.write(str(os.getpid()))
        self.lock.flush()
        Servers(self.servers_home).remove()
        os.environ.update(self.environment)

    @property
    def servers_home(self) -> Path:
        return self.home / "servers"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "rms_backend.settings",
            "RMS_ISOLATED": "1",
            "ISOLATED_EMBEDDED_HOME": str(self.servers_home),
            "ISOLATED_RETRY_TIME_SCALE": str(
                RETRY_TIME_SCALE_IN_A_RUSH if self.in_a_rush else RETRY_TIME_SCALE
            ),
        }
