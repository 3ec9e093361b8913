"""
Runs the local till: `python -m devtools.till --home DIR`.
"""

import argparse
import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

from devtools.till.opening import HomeInUseError, NotLoopbackError, PortTakenError, Setup, keep_open
from devtools.till.place import DEFAULT_LOCATIONS, DEFAULT_TOKEN


def main() -> int:
    """Serve the till until it is told to stop, or say why it cannot."""
    try:
        asyncio.run(_serve(_setup()))
    except (HomeInUseError, NotLoopbackError, PortTakenError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _setup() -> Setup:
    parser = argparse.ArgumentParser(prog="python -m devtools.till", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the till's own truth")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0: the port of last time, or a free one")
    token = parser.add_mutually_exclusive_group()
    token.add_argument("--token", default=DEFAULT_TOKEN, help="the bearer token that callers must send")
    token.add_argument(
        "--token-file", type=Path, help="a file that holds it: nobody reads that in the process list"
    )
    parser.add_argument(
        "--location",
        action="append",
        type=_location,
        metavar="ID=CURRENCY",
        help="a location and its currency; may be given more than once (default: LMAIN=EUR)",
    )
    told = parser.parse_args()
    locations = dict(told.location) if told.location else dict(DEFAULT_LOCATIONS)
    secret = told.token_file.read_text().strip() if told.token_file else told.token
    return Setup(home=told.home, host=told.host, port=told.port, token=secret, locations=locations)


def _location(text: str) -> tuple[str, str]:
    location_id, _, currency = text.partition("=")
    if not location_id or len(currency) != len("EUR") or not currency.isupper():
        raise argparse.ArgumentTypeError(f"{text!r} is not ID=CURRENCY, for example LMAIN=EUR")
    return location_id, currency


async def _serve(setup: Setup) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await keep_open(setup, until=stop, opened=partial(_say_ready, setup.home))


def _say_ready(home: Path, url: str) -> None:
    print(f"The till is open at {url}, its home is {home}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
