"""Tell, stop or remove the embedded servers: `python -m embedded status|stop|remove [--home DIR]`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from embedded import EmbeddedServersFailed, Servers, checkout_servers


def main() -> int:
    """
    One action, one sentence.
    """
    parser = argparse.ArgumentParser(
        prog="python -m embedded", description="The embedded PostgreSQL and broker."
    )
    parser.add_argument("action", choices=sorted(ACTIONS))
    parser.add_argument("--home", type=Path, help="where they live (default: var/embedded of the checkout)")
    chosen = parser.parse_args()
    servers = Servers(chosen.home) if chosen.home else checkout_servers()
    try:
        said = ACTIONS[chosen.action](servers)
    except EmbeddedServersFailed as failed:
        print(failed, file=sys.stderr)  # noqa: T201 - this is a command
        return 1
    print(said)  # noqa: T201 - this is a command
    return 0


def _status(servers: Servers) -> str:
    if not servers.is_running():
        return f"The embedded servers in {servers.home} do not run; the first connection starts them."
    return (
        f"The embedded servers in {servers.home} run: PostgreSQL is process {servers.postgres_pid}, "
        f"the broker {servers.broker_pid}, their keeper {servers.keeper_pid}."
    )


def _stop(servers: Servers) -> str:
    servers.stop()
    return f"The embedded servers in {servers.home} are stopped; their data is kept."


def _remove(servers: Servers) -> str:
    servers.remove()
    return f"The embedded servers in {servers.home} are removed with all their data."


ACTIONS: dict[str, Callable[[Servers], str]] = {"status": _status, "stop": _stop, "remove": _remove}

if __name__ == "__main__":
    sys.exit(main())
