"""
What a step is, and the menu of all steps that are declared.
"""

import difflib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, runtime_checkable

from pipeline.queues import Queue
from pipeline.rate_limits import RateLimit
from pipeline.retries import RetryPolicy

LONGEST_LEASE_SECONDS = 45
LEASE_MARGIN_SECONDS = 10
LEAST_WINDOWS, LEAST_MESSAGES = 4, 2
UNLIMITED = RateLimit(name="none", per_second=0)

# What a step tells about one order: ids and numbers only, never a name or an address.
Report = dict[str, Any]


class Effect(Enum):
    """
    Where the work of a step shows.
    """

    DATABASE = "database"  # only in our database: commits together with `done`
    OUTSIDE = "outside"  # at somebody else's: sent between two commits


class Subject(Enum):
    """
    What a step run is about.
    """

    ORDER = "order"
    REFUND = "refund"  # money that went back
    FAILED_REFUND = "failed_refund"  # money that went back and came again: the refund did not work


class WhenWithdrawn(Enum):
    """
    What becomes of a step that is not done yet when its order (or refund) is withdrawn.
    """

    SKIPPED = "skipped"  # not begun any more
    RESUMED = "resumed"  # not begun any more, unless the withdrawal is taken back
    GOES_ON = "goes_on"  # carried out all the same


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """
    One try at one order: its number (1, 2, …), and whether an earlier one may have worked without our knowing.
    """

    subject_id: int
    order_id: int
    number: int
    outcome_unknown: bool = False


class Parcel(Protocol):
    """
    What an outside step sends for one order, ready to go: sending it touches no database.
    """

    def send(self, attempt: Attempt) -> Report:
        """
        Send it and tell what happened; raise a failure of `pipeline.failures` otherwise.
        """
        ...


@runtime_checkable
class LooseParcel(Parcel, Protocol):
    """
    A parcel that still has to be wrapped: rendered, folded, whatever takes time and needs neither the database nor the
    other side. What it raises counts as a failure to send it.
    """

    def wrapped(self, attempt: Attempt) -> Parcel:
        """
        The same parcel, ready to go.
        """
        ...


# Both take the ids of the subjects. A database step does its work for all of them and reports on each;
# an outside step packs a parcel for each.
DatabaseWork = Callable[[Sequence[int]], dict[int, Report]]
OutsideWork = Callable[[Sequence[int]], dict[int, Parcel]]


@dataclass(frozen=True, kw_only=True)
class Step:
    """
    One kind of follow-up work, as declared in the menu. Everything else about it is derived from here.
    """

    name: str  # Celery's name: payments.tasks.send_order_confirmation_email_task
    title: str  # the first sentence of its docstring
    queue: Queue
    retry: RetryPolicy
    effect: Effect
    work: Callable[[Sequence[int]], dict[int, Any]] = field(repr=False)
    priority: int = 5
    subject: Subject = Subject.ORDER
    timeout_seconds: int = 20
    together: int = 100  # at most so many orders in one message
    at_once: int = 8  # outside only: requests under way at the same time in one worker process
    rate_limit: RateLimit = UNLIMITED  # outside only: orders a second, over all workers
    looks_up: bool = False  # outside only: an attempt after an unknown outcome asks the other side first
    reverses: str = ""  # the name of the step that this one undoes: it waits until that is at rest
    when_withdrawn: WhenWithdrawn = WhenWithdrawn.SKIPPED
    on_request: Callable[..., Report] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.lease_seconds > LONGEST_LEASE_SECONDS:
            longest = LONGEST_LEASE_SECONDS - LEASE_MARGIN_SECONDS
            raise ValueError(
                f"{self.name}: timeout_seconds is {self.timeout_seconds}; {longest} is the most."
            )
        if not 0 <= self.priority <= 9:  # noqa: PLR2004 - Celery's own range
            raise ValueError(f"{self.name}: priority is {self.priority}; write 0 to 9, higher is sooner.")

    @property
    def lease_seconds(self) -> int:
        """
        How long a worker may hold an order of this step before somebody else takes over.
        """
        return self.timeout_seconds + LEASE_MARGIN_SECONDS

    def together_of(self, waiting: int) -> int:
        """
        How many of so many waiting orders travel in one message: to the outside at least four windows full, and as many
        more as leave two messages, for another process to share in.

        Between two messages a window runs empty, so under a backlog long messages keep the other side busier.
        """
        if self.effect is Effect.DATABASE:
            return self.together
        return min(self.together, max(self.at_once * LEAST_WINDOWS, math.ceil(waiting / LEAST_MESSAGES)))

    @property
    def underway_at_most(self) -> int:
        """
        About thirty seconds of work: more is not published at a time.
        """
        if self.effect is Effect.DATABASE:
            return 3_000
        if self.rate_limit.per_second:
            # Messages that would only wait for a permit hold up a worker: no more than two seconds' worth.
            return min(self.at_once * 60, math.ceil(self.rate_limit.per_second * 2))
        return self.at_once * 60


class UnknownStep(LookupError):
    """
    No step of this name is declared.
    """


class Menu:
    """
    The declared steps, in the order in which they are written down, and the name of the task that dispatches them.
    """

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}
        self.dispatcher = ""

    def __iter__(self) -> Iterator[Step]:
        return iter(list(self._steps.values()))

    def __contains__(self, name: str) -> bool:
        return name in self._steps

    def add(self, step: Step) -> None:
        if step.name in self._steps:
            raise ValueError(f"{step.name} is declared twice. Rename one of the two.")
        self._steps[step.name] = step

    def remove(self, name: str) -> None:
        del self._steps[name]

    def find(self, name: str) -> Step:
        """
        The step of this name; its short name (`sync_order_to_pos`) will do.
        """
        for step in self:
            if name in (step.name, short_name(step.name)):
                return step
        known = [short_name(step.name) for step in self]
        close = difflib.get_close_matches(short_name(name), known, n=1)
        hint = f" Did you mean {close[0]}?" if close else f" There are: {', '.join(known)}."
        raise UnknownStep(f"There is no step {name}.{hint}")

    def about(self, subject: Subject) -> list[Step]:
        return [step for step in self if step.subject is subject]


menu = Menu()


def short_name(name: str) -> str:
    """
    `payments.tasks.sync_order_to_pos_task` → `sync_order_to_pos`.
    """
    return name.rsplit(".", maxsplit=1)[-1].removesuffix("_task")
