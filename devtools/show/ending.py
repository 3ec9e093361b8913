"""
`make down` and `make clean`: end what this checkout started, and with --remove delete what it made.
"""

import argparse
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from devtools.show.stage import HOME, LOCK, ROOT
from embedded import Servers, checkout_servers

VAR = ROOT / "var"
ENDS_WITHIN_SECONDS = 40


def main() -> int:
    """
    End the show and stop all embedded servers of the checkout.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--remove", action="store_true", help="also delete var/ and what lies outside for it")
    wanted = parser.parse_args()
    ended = _end_the_show()
    for servers in (Servers(HOME / "servers"), checkout_servers(), *_of_tests()):
        servers.remove() if wanted.remove else servers.stop()
    if wanted.remove:
        shutil.rmtree(VAR, ignore_errors=True)
    print(
        f"{'The show and the' if ended else 'The'} embedded servers of this checkout are {'gone' if wanted.remove else 'stopped'}."
    )
    return 0


def _end_the_show() -> bool:
    """
    Ask the show to end, and what a killed show may have left behind; True if there was anything.
    """
    asked = _ask_the_show()
    crew = HOME / "crew.json"
    if not crew.is_file():
        return asked
    left = [pid for pid in map(int, json.loads(crew.read_text()).values()) if _is_ours(pid)]
    for pid in left:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGTERM)
    crew.unlink()
    return asked or bool(left)


def _ask_the_show() -> bool:
    if not LOCK.is_file():
        return False
    with LOCK.open("r+") as lock:
        if _is_free(lock):
            return False
        os.kill(int(lock.read()), signal.SIGTERM)
        give_up_at = time.monotonic() + ENDS_WITHIN_SECONDS
        while not _is_free(lock) and time.monotonic() < give_up_at:
            time.sleep(0.1)
    return True


def _is_free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_ours(pid: int) -> bool:
    # A process id may belong to somebody else by now; ours lead a group of their own and name our interpreter.
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return words[0] == sys.executable.encode() and os.getpgid(pid) == pid


def _of_tests() -> list[Servers]:
    homes = [*VAR.glob("test*"), *VAR.glob("house-*")]
    return [Servers(home) for home in sorted(homes) if home.is_dir()]


if __name__ == "__main__":
    sys.exit(main())
