"""
A port for Flower, and whether Flower has it.
"""

import socket

TRIES = 100


class NoPortIsFree(RuntimeError):
    """
    A whole row of ports is taken.
    """


def free_port(wanted: int) -> int:
    """
    The wanted port of this machine, or the next one that nobody has.
    """
    for port in range(wanted, wanted + TRIES):
        if not is_taken(port):
            return port
    raise NoPortIsFree(f"No port from {wanted} to {wanted + TRIES - 1} is free. End what holds them.")


def is_taken(port: int) -> bool:
    """
    Does somebody listen on this port, at whatever address of this machine?
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return True
        return False
