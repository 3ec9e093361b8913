"""
`python -m devtools.mailbox --home DIR`: run a mailbox until SIGTERM or Ctrl-C.
"""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from devtools.mailbox.options import MailboxOptions
from devtools.mailbox.station import HomeInUse, Station


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run until told to end.
    """
    logging.basicConfig(level=logging.ERROR, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(serve(read_options(arguments)))
    except (HomeInUse, OSError, ValueError) as wrong:
        print(f"The mailbox cannot start: {wrong}", file=sys.stderr)
        return 1
    return 0


async def serve(options: MailboxOptions) -> None:
    """
    Open the mailbox, say where it is, and wait for the signal to end.
    """
    told_to_end = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, told_to_end.set)
    async with Station(options) as station:
        address = station.address
        print(f"Mailbox: smtp {address.smtp_host}:{address.smtp_port}, pages {address.url}", flush=True)
        await told_to_end.wait()


def read_options(arguments: Sequence[str] | None) -> MailboxOptions:
    """
    Read the command line.
    """
    parser = argparse.ArgumentParser(prog="python -m devtools.mailbox", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder for the letters")
    parser.add_argument("--host", default="127.0.0.1", help="a name of this machine only (127.0.0.1)")
    parser.add_argument("--smtp-port", type=int, default=0, help="0: the last one, else any free one")
    parser.add_argument("--http-port", type=int, default=0, help="0: the last one, else any free one")
    parser.add_argument("--certificate", type=Path, help="PEM file: offer STARTTLS")
    parser.add_argument(
        "--key", type=Path, help="PEM file with the key, if it is not in the certificate's file"
    )
    parser.add_argument("--user", help="demand a login with this name")
    parser.add_argument("--password", help="... and this password")
    parser.add_argument(
        "--refuse",
        dest="refused",
        action="append",
        default=[],
        metavar="PATTERN",
        help="never take a letter to such an address, for example '*@gone.example'; may be given more than once",
    )
    told = vars(parser.parse_args(arguments))
    return MailboxOptions(**{**told, "refused": tuple(told["refused"])})


if __name__ == "__main__":
    sys.exit(main())
