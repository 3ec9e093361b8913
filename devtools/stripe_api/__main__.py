"""
Runs the local Stripe API: `python -m devtools.stripe_api --home DIR`.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from devtools.stripe_api.opening import NotLoopbackError, Setup, keep_open
from devtools.stripe_api.place import DEFAULT_KEY


def main() -> int:
    """
    Serve until told to stop, or say why not.
    """
    try:
        asyncio.run(_serve(_setup()))
    except (NotLoopbackError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _setup() -> Setup:
    parser = argparse.ArgumentParser(prog="python -m devtools.stripe_api", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of its own truth")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0: the port of last time, or a free one")
    key = parser.add_mutually_exclusive_group()
    key.add_argument(
        "--key",
        default=DEFAULT_KEY,
        help="the secret key that callers must send; sk_live_… lists what is live",
    )
    key.add_argument(
        "--key-file", type=Path, help="a file that holds it: nobody reads that in the process list"
    )
    told = parser.parse_args()
    secret = told.key_file.read_text().strip() if told.key_file else told.key
    return Setup(home=told.home, host=told.host, port=told.port, key=secret)


async def _serve(setup: Setup) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await keep_open(setup, until=stop, opened=lambda url: print(f"Stripe's API answers at {url}", flush=True))


if __name__ == "__main__":
    sys.exit(main())
