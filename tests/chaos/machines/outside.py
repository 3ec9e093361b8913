"""
The world around the pipeline: three kinds of outside systems with books of their own, and effects in our database.

What an outside system may get twice is counted exactly, by the rule of its kind:

* keyed (a till with idempotency keys): never;
* asked (it can be asked whether it has an order): only what a suspended worker sends after another has taken over;
* blind (a mail server): one copy more for each attempt that was told about an unknown outcome.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from django.db import connection

from pipeline.failures import NotNow, PermanentFailure, TemporaryFailure, UnknownOutcome
from pipeline.steps import Attempt, Report


class Mood(Enum):
    """
    How the next request (or the next piece of work in the database) is met.
    """

    GOOD = "does it and says so"
    REFUSES = "does not do it and says so"
    NEVER = "will never do it for this order"
    SWALLOWS_THE_ANSWER = "does it and its answer is lost"
    BREAKS = "does not do it, and nobody can tell"
    NOT_NOW = "turns us away at the door"
    SURPRISES = "fails as nobody foresaw, having done nothing"


@dataclass
class World:
    """
    The moods to come, one for each call, and the orders that otherwise always meet the same one.
    """

    moods: deque[Mood] = field(default_factory=deque)
    hopeless: dict[tuple[str, int], Mood] = field(default_factory=dict)

    def mood_for(self, who: str, order: int) -> Mood:
        if self.moods:
            return self.moods.popleft()
        return self.hopeless.get((who, order), Mood.GOOD)

    def heal(self) -> None:
        self.moods.clear()
        self.hopeless.clear()


@dataclass
class Sink:
    """
    An outside system, and its own books: how often it did what was asked for each order.
    """

    name: str
    world: World
    copies: Counter[int] = field(default_factory=Counter)
    attempts: list[Attempt] = field(default_factory=list)
    excused: Counter[int] = field(default_factory=Counter)
    turned_away: Counter[int] = field(default_factory=Counter)

    def send(self, attempt: Attempt) -> Report:
        order = attempt.order_id
        mood = self.world.mood_for(self.name, order)
        self._note(attempt)
        self.turned_away[order] += mood is Mood.NOT_NOW
        if mood in FAILS_BEFORE:
            raise FAILS_BEFORE[mood]()
        self._do(attempt)
        if mood in FAILS_AFTER:
            raise FAILS_AFTER[mood]()
        return {"copy": self.copies[order]}

    def may_have(self, order: int) -> int:
        """
        How many copies of the order this kind of system may hold at most.
        """
        return 1 + self.excused[order]

    def check(self, *, done: set[int], promised: set[int], most: int) -> None:
        """
        What is done has arrived; nothing arrived that was not promised, nothing more often than may be; and nobody
        knocked more often than the policy has attempts (`most`), not counting when we were turned away.
        """
        assert self.copies.keys() <= promised, f"{self.name} got orders that nobody promised: {self.copies}"
        for order in done:
            assert self.copies[order], f"order {order} is done, and {self.name} never got it"
        for order, copies in self.copies.items():
            assert copies <= self.may_have(order), f"{self.name} got order {order} {copies} times"
        for order, tries in Counter(attempt.order_id for attempt in self.attempts).items():
            assert tries - self.turned_away[order] <= most, f"{self.name}: order {order} tried {tries} times"

    def was_revived(self, order: int) -> None:
        """
        A person decided to send it again, whatever had happened to it before.
        """
        self.excused[order] += 1
        self.forget_the_attempts(order)

    def forget_the_attempts(self, order: int) -> None:
        self.turned_away[order] = 0
        self.attempts = [attempt for attempt in self.attempts if attempt.order_id != order]

    def _note(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    def _do(self, attempt: Attempt) -> None:
        self.copies[attempt.order_id] += 1


class Keyed(Sink):
    """
    It knows the key of a request it has had.
    """

    def was_revived(self, order: int) -> None:
        self.forget_the_attempts(order)

    def _do(self, attempt: Attempt) -> None:
        self.copies[attempt.order_id] = 1


class Asked(Sink):
    """
    Whoever was told that an outcome is unknown asks first.
    """

    def _do(self, attempt: Attempt) -> None:
        order = attempt.order_id
        if attempt.outcome_unknown and self.copies[order]:
            return
        if any(a.order_id == order and a.number > attempt.number for a in self.attempts):
            self.excused[order] += 1  # suspended in front of the door while another took over
        super()._do(attempt)


class Blind(Sink):
    """
    It knows nothing but what it is given.
    """

    def _note(self, attempt: Attempt) -> None:
        super()._note(attempt)
        self.excused[attempt.order_id] += attempt.outcome_unknown


@dataclass
class Ledger:
    """
    Effects in our database, in a table that has nothing against doubles.
    """

    name: str
    world: World

    def work(self, order_ids: Sequence[int]) -> dict[int, Report]:
        moods = {order: self.world.mood_for(self.name, order) for order in order_ids}
        self._first([FAILS_BEFORE[mood] for mood in moods.values() if mood in FAILS_BEFORE])
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO chaos_effect SELECT unnest(%s::bigint[])", [list(order_ids)])
        self._first([FAILS_AFTER[mood] for mood in moods.values() if mood in FAILS_AFTER])
        return {order: {"counted": True} for order in order_ids}

    @staticmethod
    def _first(troubles: list[Callable[[], Exception]]) -> None:
        if troubles:
            raise troubles[0]()


FAILS_BEFORE: dict[Mood, Callable[[], Exception]] = {
    Mood.REFUSES: lambda: TemporaryFailure("busy"),
    Mood.NEVER: lambda: PermanentFailure("will never take it"),
    Mood.BREAKS: lambda: UnknownOutcome("fell silent"),
    Mood.NOT_NOW: lambda: NotNow("come back later", seconds=5),
    Mood.SURPRISES: lambda: KeyError("nobody foresaw this"),
}
FAILS_AFTER: dict[Mood, Callable[[], Exception]] = {
    Mood.SWALLOWS_THE_ANSWER: lambda: UnknownOutcome("the answer was lost"),
}
