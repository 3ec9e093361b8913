"""
What can be wrong with a link: one small value for each fault, and the list of all of them.
"""

from dataclasses import dataclass
from enum import Enum


class Way(Enum):
    """
    A direction of the link.
    """

    TO_SERVER = "to_server"
    TO_CLIENT = "to_client"


class Fault:
    """
    Something that can be wrong with a link.
    """


@dataclass(frozen=True)
class Pass(Fault):
    """
    Nothing is wrong.
    """


@dataclass(frozen=True, kw_only=True)
class Latency(Fault):
    """
    Everything arrives `seconds` late, give or take `jitter` seconds drawn from `seed`; order is kept.
    """

    seconds: float
    jitter: float = 0.0
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Bandwidth(Fault):
    """
    Each connection carries so many bytes a second.
    """

    bytes_per_second: int


@dataclass(frozen=True)
class Blackhole(Fault):
    """
    Connections are accepted and what they carry is swallowed, their end too. `mend` resets those that lost bytes.
    """


@dataclass(frozen=True)
class Stall(Fault):
    """
    Nothing gets through until it is mended, and then all of it does, as after a cable was plugged in again.
    """


@dataclass(frozen=True)
class Refuse(Fault):
    """
    New connections are refused, as by a port on which nobody listens; existing ones go on. It knows no direction.
    """


@dataclass(frozen=True)
class Reset(Fault):
    """
    Existing connections are reset (RST), once. It knows no direction.
    """


@dataclass(frozen=True)
class HalfClose(Fault):
    """
    Existing connections are ended (FIN) in the given direction, once; the other direction stays open.
    """


@dataclass(frozen=True, kw_only=True)
class Limit(Fault):
    """
    After so many bytes from now on, each connection is reset.
    """

    after_bytes: int


@dataclass(frozen=True, kw_only=True)
class Slicer(Fault):
    """
    What comes in one piece arrives in pieces of so many bytes, with a pause between them.
    """

    piece_bytes: int
    pause_seconds: float = 0.001


@dataclass(frozen=True, kw_only=True)
class CutOnMatch(Fault):
    """
    The connection that carries the n-th match of the pattern, counted over all connections, is reset.

    By default the match does not get through: nothing of it where it comes in one piece, otherwise never the whole of
    it. With `forward_match` it gets through first. `times` cuts at so many matches in a row. The pattern should have a
    definite end, and matches of more than `longest` bytes may be missed across pieces.
    """

    pattern: bytes
    nth: int = 1
    times: int = 1
    forward_match: bool = False
    longest: int = 65_536


@dataclass(frozen=True, kw_only=True)
class Corrupt(Fault):
    """
    One byte, so many bytes from now, arrives with all its bits turned; once, counted over all connections.
    """

    after_bytes: int = 0


FAULTS: tuple[type[Fault], ...] = (
    Pass,
    Latency,
    Bandwidth,
    Blackhole,
    Stall,
    Refuse,
    Reset,
    HalfClose,
    Limit,
    Slicer,
    CutOnMatch,
    Corrupt,
)
