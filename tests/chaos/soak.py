"""
One soak of one system: orders flow, the storm blows, everything is mended, everything comes to rest.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.chaos.deliveries import Script, write_script
from tests.chaos.guests import Guest
from tests.chaos.house import SECRET, House
from tests.chaos.spy import Spy
from tests.chaos.storm.fault import Fault
from tests.chaos.storm.schedule import plan_storm
from tests.chaos.storm.strikes import Storm
from tests.chaos.stripe_calls import StripeCalls
from tests.chaos.terms import LONGEST_REST_SECONDS

LOOKS_EVERY_SECONDS = 0.5
QUIET_SECONDS = 1.0
Telling = Callable[["Soak"], None]


class Patient(Protocol):
    """
    What the soak has to know of the system: how much it still has to do.
    """

    def still_open(self) -> int | None:
        """How much is not at rest; None when it cannot be asked just now."""


@dataclass
class Soak:
    """
    A soak under way, or over: what was to happen, what was heard, what struck, and how long the rest took.
    """

    house: House
    script: Script
    calls: StripeCalls
    storm: Storm
    spy: Spy
    began: float = 0.0
    mended: float = 0.0
    open_now: int | None = None
    rest_seconds: float | None = None
    died: list[str] = field(
        default_factory=list
    )  # threads of the soak that ended with an exception, and which

    @property
    def share(self) -> float:
        """
        How much of the load is over, 0 to 1.
        """
        return min(1.0, (time.time() - self.began) / self.house.terms.load_seconds) if self.began else 0.0

    def unfinished(self) -> list[str]:
        """
        What should have happened in this soak and did not, in words. Of a soak that is not whole nothing can be said.
        """
        never = self.calls.never_accepted()
        skipped = len(self.storm.plan) - len(self.storm.struck)
        return [
            *([f"{len(never)} events were never accepted: {', '.join(never[:3])}"] if never else []),
            *self.died,
            *([f"{skipped} faults of the plan never struck"] if skipped else []),
            *(f"never mended: {title}" for title in self.storm.blowing),
        ]


def prepare(house: House, guests: Sequence[Guest], faults: Sequence[Fault]) -> Soak:
    """
    Write the script and the storm of a house, by its terms alone.
    """
    terms = house.terms
    script = write_script(guests, seed=terms.seed, lasts_seconds=terms.load_seconds)
    calls = StripeCalls(
        script=script, url=house.webhook, secret=SECRET, seed=terms.seed, lasts_seconds=terms.load_seconds
    )
    plan = plan_storm(faults, seed=terms.seed, begins=terms.calm_seconds, ends=terms.load_seconds)
    storm = Storm(house=house, plan=plan, seed=terms.seed)
    return Soak(house=house, script=script, calls=calls, storm=storm, spy=Spy(house=house))


def carry_out(soak: Soak, *, patient: Patient, telling: Telling) -> None:
    """
    Load and storm, then mend everything, then wait until all is at rest, at most `LONGEST_REST_SECONDS`.
    """
    soak.began = time.time()
    working = [
        _begin(soak, soak.calls.run, "Stripe"),
        _begin(soak, lambda: soak.storm.run(began=soak.began), "storm"),
    ]
    spying = _begin(soak, soak.spy.run, "spy")
    try:
        _while_any(working[1:], soak, patient, telling)
        soak.house.make_whole()
        soak.mended = time.time()
        _while_any(working[:1], soak, patient, telling)
        _wait_for_rest(soak, patient, telling)
    finally:
        soak.storm.calm_down()
        soak.spy.over.set()
        spying.join()


def _begin(soak: Soak, work: Callable[[], None], name: str) -> threading.Thread:
    def noting_how_it_ends() -> None:
        try:
            work()
        except Exception as trouble:  # noqa: BLE001 - whatever it was, the soak is not whole, and the report says so
            soak.died.append(f"{name} ended with {type(trouble).__name__}: {trouble}"[:300])

    thread = threading.Thread(target=noting_how_it_ends, name=name, daemon=True)
    thread.start()
    return thread


def _while_any(threads: Sequence[threading.Thread], soak: Soak, patient: Patient, telling: Telling) -> None:
    while any(thread.is_alive() for thread in threads):
        soak.open_now = patient.still_open()
        telling(soak)
        threads[0].join(LOOKS_EVERY_SECONDS)


def _wait_for_rest(soak: Soak, patient: Patient, telling: Telling) -> None:
    """
    At rest is what has nothing to do for a second: so long may a nudge be under way.
    """
    quiet_since: float | None = None
    began = time.time()
    while time.time() - began < LONGEST_REST_SECONDS:
        soak.open_now = patient.still_open()
        telling(soak)
        if soak.open_now != 0:
            quiet_since = None
        elif quiet_since is None:
            quiet_since = time.time()
        elif time.time() - quiet_since >= QUIET_SECONDS:
            soak.rest_seconds = max(0.0, quiet_since - soak.mended)
            return
        time.sleep(LOOKS_EVERY_SECONDS)
