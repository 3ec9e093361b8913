"""
What happens to the roads between us and the servers, and to the sinks by their own switches.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.chaos import proxy
from tests.chaos.storm.fault import Scene, Strike


def road_broken(road: str, fault: proxy.Fault, *ways: proxy.Way) -> Strike:
    """
    Something is wrong with the road to "database", "broker", "till" or "mail", until it is mended.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        scene.house.roads[road].break_down(fault, *ways)
        try:
            yield
        finally:
            scene.house.roads[road].mend()

    return strike


def till_broken(mode: str, **how: Any) -> Strike:
    """
    The till's own switch.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        scene.house.till.break_down(mode, **how)
        try:
            yield
        finally:
            scene.house.till.mend()

    return strike


def mail_broken(mode: str, **how: Any) -> Strike:
    """
    The mail server's own switch.
    """

    @contextmanager
    def strike(scene: Scene) -> Iterator[None]:
        scene.house.mailbox.break_down(mode, **how)
        try:
            yield
        finally:
            scene.house.mailbox.mend()

    return strike
