"""
What each standing fault does to the bytes of one direction; its state is shared by all connections.

A treatment carries a piece and returns what is left of it: nothing, or what it could not carry before the fault was
changed, which is for its successor.
"""

import random
from collections.abc import Callable
from typing import Any, ClassVar, Protocol
from weakref import WeakKeyDictionary

from tests.chaos.proxy import faults
from tests.chaos.proxy.matching import Scanner


class Flow(Protocol):
    """
    One direction of one connection, as treatments see it.
    """

    async def forward(self, piece: bytes) -> None: ...
    async def finish(self) -> None: ...
    async def cut(self) -> None: ...
    async def pause(self, seconds: float | None = None) -> bool: ...
    def age(self) -> float: ...
    def swallow(self, piece: bytes) -> None: ...
    def count(self, **more: int) -> None: ...


class Treatment:
    """
    Nothing is wrong.
    """

    hides_loss: ClassVar[bool] = False  # does the other side not hear that one is gone?

    async def carry(self, flow: Flow, piece: bytes) -> bytes:
        await flow.forward(piece)
        return b""

    async def end(self, flow: Flow) -> bool:
        """
        The sender has ended this direction; False if that is left to the next treatment.
        """
        await flow.finish()
        return True


class Late(Treatment):
    def __init__(self, fault: faults.Latency) -> None:
        self._fault = fault
        self._chance = random.Random(fault.seed)

    async def carry(self, flow: Flow, piece: bytes) -> bytes:
        late = self._fault.seconds + self._chance.uniform(-self._fault.jitter, self._fault.jitter)
        if await flow.pause(max(0.0, late - flow.age())):
            return piece
        return await super().carry(flow, piece)


class Narrow(Treatment):
    """
    Pieces with pauses between them.
    """

    def __init__(self, *, piece_bytes: int, pause_seconds: float) -> None:
        self._piece_bytes, self._pause_seconds = piece_bytes, pause_seconds

    @classmethod
    def of(cls, fault: faults.Bandwidth) -> "Narrow":
        piece = max(1, fault.bytes_per_second // 20)
        return cls(piece_bytes=piece, pause_seconds=piece / fault.bytes_per_second)

    async def carry(self, flow: Flow, piece: bytes) -> bytes:
        await flow.forward(piece[: self._piece_bytes])
        await flow.pause(self._pause_seconds)
        return piece[self._piece_bytes :]


class Swallowing(Treatment):
    hides_loss = True

    async def carry(self, flow: Flow, piece: bytes) -> bytes:
        flow.swallow(piece)
        return b""

    async def end(self, flow: Flow) -> bool:
        flow.swallow(b"")
        return True


class Holding(Treatment):
    hides_loss = True

    async def carry(self, flow: Flow, piece: bytes) -> bytes:
        await flow.pause()
        return piece

    async def end(self, flow: Flow) -> bool:
        await flow.pause()
        return False


class Limited(Treatment):
    def __init__(self, fault: faults.Limit) -> None:
        self._after_bytes = fault.after_bytes
        self._carried: WeakKeyDictionary[Flow, int] = WeakKeyDictionary()

    async def carry(self, flow: Flow, piece: bytes) -> bytes:
        before = self._carried.get(flow, 0)
        self._carried[flow] = before + len(piece)
        await flow.forward(piece[: self._after_bytes - before])
        if self._carried[flow] >= self._after_bytes:
            await flow.cut()
        return b""


class Matching(Treatment):
    def __init__(self, fault: faults.CutOnMatch) -> None:
        self._fault = fault
        self._seen = 0
        self._scanners: WeakKeyDictionary[Flow, Scanner] = WeakKeyDictionary()

    async def carry(self, flow: Flow, piece: bytes) -> bytes:
        match = self._scanner(flow).first(piece)
        if match is None:
            return await super().carry(flow, piece)
        self._seen += 1
        flow.count(matches=1)
        start, end = match
        if not self._fault.nth <= self._seen < self._fault.nth + self._fault.times:
            await flow.forward(piece[:end])
            return piece[end:]
        await flow.forward(piece[: end if self._fault.forward_match else start])
        await flow.cut()
        return b""

    def _scanner(self, flow: Flow) -> Scanner:
        if flow not in self._scanners:
            self._scanners[flow] = Scanner(self._fault.pattern, longest=self._fault.longest)
        return self._scanners[flow]


class Corrupting(Treatment):
    def __init__(self, fault: faults.Corrupt) -> None:
        self._left = fault.after_bytes

    async def carry(self, flow: Flow, piece: bytes) -> bytes:
        at, self._left = self._left, self._left - len(piece)
        if 0 <= at < len(piece):
            piece = piece[:at] + bytes([piece[at] ^ 0xFF]) + piece[at + 1 :]
            flow.count(corrupted=1)
        return await super().carry(flow, piece)


TREATMENTS: dict[type[faults.Fault], Callable[[Any], Treatment]] = {
    faults.Pass: lambda _fault: Treatment(),
    faults.Latency: Late,
    faults.Bandwidth: Narrow.of,
    faults.Slicer: lambda fault: Narrow(piece_bytes=fault.piece_bytes, pause_seconds=fault.pause_seconds),
    faults.Blackhole: lambda _fault: Swallowing(),
    faults.Stall: lambda _fault: Holding(),
    faults.Limit: Limited,
    faults.CutOnMatch: Matching,
    faults.Corrupt: Corrupting,
}


def treatment_of(fault: faults.Fault) -> Treatment:
    """
    What a standing fault does. The others (Refuse, Reset, HalfClose) carry no bytes: the proxy does them itself.
    """
    return TREATMENTS[type(fault)](fault)
