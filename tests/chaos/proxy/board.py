"""
Which fault is on in which direction now, and word when that changes.
"""

import asyncio

from tests.chaos.proxy.faults import Fault, Pass, Way
from tests.chaos.proxy.treatments import Treatment, treatment_of


class Board:
    """
    The treatment of each direction, looked at for every piece. Lives in the proxy's thread.
    """

    def __init__(self) -> None:
        self._treatments: dict[Way, Treatment] = {way: treatment_of(Pass()) for way in Way}
        self._changed = asyncio.Event()

    def treatment(self, way: Way) -> Treatment:
        return self._treatments[way]

    def put(self, fault: Fault, way: Way) -> None:
        self._treatments[way] = treatment_of(fault)
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed_within(self, seconds: float | None) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True
