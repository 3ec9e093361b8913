"""
What goes wrong during the evening, on purpose, and when.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import redis

from devtools.show.crew import Crew
from devtools.till import Mode, TillClient
from embedded import Addresses

KILLED = "senders"


@dataclass
class Trouble:
    """
    Strikes when a share of the deliveries is through; `told` lists what has happened.
    """

    crew: Crew
    till: TillClient
    addresses: Addresses
    told: list[str] = field(default_factory=list)
    _to_come: list[tuple[float, str, Callable[["Trouble"], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._to_come = list(SCRIPT)

    def strike(self, share: float) -> list[str]:
        """
        Let happen what is due at this share (0 to 1) of the evening; returns it in words.
        """
        now = [one for one in self._to_come if one[0] <= share]
        self._to_come = [one for one in self._to_come if one[0] > share]
        for _, words, act in now:
            act(self)
            self.told.append(words)
        return [words for _, words, _ in now]

    def break_the_till(self) -> None:
        # The worst kind: the till takes the order and the answer is lost, and then it is down altogether.
        self.till.break_down(Mode.FAIL_AFTER_EFFECT, times=3)
        self.till.break_down(Mode.SERVER_ERROR, status=503, adding=True)

    def mend_the_till(self) -> None:
        self.till.mend()

    def kill_a_worker(self) -> None:
        self.crew.kill(KILLED)
        self.crew.start_worker(KILLED)

    def flush_the_broker(self) -> None:
        with redis.Redis(unix_socket_path=self.addresses.broker_socket, password=self.addresses.broker_password) as broker:
            broker.flushall()


SCRIPT: tuple[tuple[float, str, Callable[[Trouble], None]], ...] = (
    (0.20, "The till loses three answers, then fails with 503.", Trouble.break_the_till),
    (0.40, f"kill -9 of the worker '{KILLED}' with all its children, in the middle of its work.", Trouble.kill_a_worker),
    (0.55, "The till works again.", Trouble.mend_the_till),
    (0.70, "FLUSHALL: every message in the broker is gone.", Trouble.flush_the_broker),
)
