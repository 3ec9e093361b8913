"""
`python -m tests.chaos.mutants`: try the mutants, and print what caught each. Exit code 1 where one got away.
"""

import argparse
import dataclasses
import json
import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def main() -> int:
    """
    Isolate this process, open the house, try, print.
    """
    wish = _wish()
    for name in [name for name in os.environ if name.startswith(("ISOLATED_", "RMS_"))]:
        del os.environ[name]
    os.environ["RMS_ISOLATED"] = "1"
    os.environ["ISOLATED_EMBEDDED_HOME"] = str(ROOT / "var" / f"mutants-{os.getpid()}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "rms_backend.settings"
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left behind

    import django  # noqa: PLC0415 - what follows wants the environment above

    from tests.isolation import servers  # noqa: PLC0415

    try:
        django.setup()
        return _try(servers, wish)
    finally:
        servers.remove()


def _try(servers: object, wish: argparse.Namespace) -> int:
    from tests.chaos.mutants.place import opened  # noqa: PLC0415 - Django is not ready before
    from tests.chaos.mutants.trials import try_all  # noqa: PLC0415

    tried = caught = 0
    with opened(servers) as place:
        for verdict in try_all(place, seed=wish.seed, only=wish.mutants):
            tried, caught = tried + 1, caught + verdict.caught
            mark = "caught" if verdict.caught else "NOT CAUGHT"
            line = f"{mark:<11}{verdict.name:<44}{verdict.seconds:>5.1f} s  {verdict.by}"
            _say(json.dumps(dataclasses.asdict(verdict)) if wish.json else line)
    if not wish.json:
        _say(f"{caught} of {tried} mutants caught (seed {wish.seed})")
    return 0 if caught == tried else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.mutants", description=__doc__)
    parser.add_argument("mutants", nargs="*", help="only these; all by default")
    parser.add_argument("--seed", type=int, default=7, help="decides their order")
    parser.add_argument("--json", action="store_true", help="one verdict a line, for programs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
