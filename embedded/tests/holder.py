"""Hold the servers of a home until stdin ends: `python -m embedded.tests.holder HOME [SETTINGS AS JSON]`."""

import json
import sys
from pathlib import Path

from embedded import Companion, EmbeddedServersFailed, Servers


def main() -> None:
    home, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
    companions = [
        Companion(name=name, argv=tuple(argv)) for name, argv in settings.pop("companions", {}).items()
    ]
    try:
        Servers(home, companions=companions, **settings).ensure_running()
    except EmbeddedServersFailed as failed:
        sys.stdout.write(f"failed: {failed}\n")
        return
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
