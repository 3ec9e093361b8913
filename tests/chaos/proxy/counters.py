"""
What went through a proxy, counted, and a way to wait for it.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Counters:
    """
    Sums since the proxy was opened; `swallowed` in bytes, `cuts` are connections that a fault has reset.
    """

    connections: int = 0
    refused: int = 0  # accepted by the proxy while its server took none
    bytes_to_server: int = 0
    bytes_to_client: int = 0
    swallowed: int = 0
    cuts: int = 0
    matches: int = 0
    corrupted: int = 0


class Tally:
    """
    The counters of one proxy, shared by its thread and whoever watches.
    """

    def __init__(self) -> None:
        self._now = Counters()
        self._changed = threading.Condition()

    @property
    def now(self) -> Counters:
        with self._changed:
            return self._now

    def add(self, **more: int) -> None:
        with self._changed:
            sums = {name: getattr(self._now, name) + count for name, count in more.items()}
            self._now = replace(self._now, **sums)
            self._changed.notify_all()

    def wait_for(self, wanted: Callable[[Counters], bool], *, seconds: float) -> bool:
        """
        Wait until the counters are as wanted; False if they are not in time.
        """
        give_up_at = time.monotonic() + seconds
        with self._changed:
            return self._changed.wait_for(
                lambda: wanted(self._now), timeout=max(0.0, give_up_at - time.monotonic())
            )
