"""
The ports: the wanted ones, else those used last time, else free ones.
"""

import errno
import json
import socket
from pathlib import Path


def bound(host: str, *, wanted: int, last: int) -> socket.socket:
    """
    Listen at the wanted port; if any will do, at the one used last time while it is free.
    """
    if wanted or not last:
        return listening_at(host, wanted)
    try:
        return listening_at(host, last)
    except OSError as taken:
        if taken.errno != errno.EADDRINUSE:
            raise
        return listening_at(host, 0)


def listening_at(host: str, port: int) -> socket.socket:
    family, kind, protocol, _name, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(place)
        opened.listen(512)
        opened.settimeout(0)  # never blocks: an event loop listens
    except OSError:
        opened.close()
        raise
    return opened


def port_of(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


def last_ports(home: Path) -> dict[str, int]:
    remembered = home / "ports.json"
    if not remembered.exists():
        return {}
    ports: dict[str, int] = json.loads(remembered.read_text())
    return ports
