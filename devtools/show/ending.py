"""
`make down` and `make clean`: end what this checkout started, and with --remove delete what it made.
"""

import argparse
import json
import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

from devtools.show.stage import HOME, ROOT
from embedded import Servers, checkout_servers

VAR = ROOT / "var"


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
    Ask the processes of the show to end; True if there were any.
    """
    crew = HOME / "crew.json"
    if not crew.is_file():
        return False
    pids = [int(pid) for pid in json.loads(crew.read_text()).values()]
    ours = [pid for pid in pids if _is_ours(pid)]
    for pid in ours:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGTERM)
    crew.unlink()
    return bool(ours)


def _is_ours(pid: int) -> bool:
    # A process id may belong to somebody else by now; ours lead a group of their own and name our interpreter.
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return words[0] == sys.executable.encode() and os.getpgid(pid) == pid


def _of_tests() -> list[Servers]:
    return [Servers(home) for home in sorted(VAR.glob("test*")) if home.is_dir()]


if __name__ == "__main__":
    sys.exit(main())
