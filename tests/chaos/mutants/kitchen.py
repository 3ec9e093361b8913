"""
What scenarios do in the house of the mutants.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from devtools.stripe_sender import Sale
from devtools.stripe_sender.events import Event, payment_intent_succeeded
from orders.models import Order
from pipeline.crash_points import Point
from pipeline.crashing import Action, Wish
from pipeline.models import AT_REST, State, StepRun
from pipeline.steps import Subject, menu
from tests.acceptance.house import House, patiently
from tests.chaos.mutants.findings import tried_too_often
from tests.chaos.sweep.passing_time import PassingTime
from tests.chaos.sweep.paying import Paying
from tests.chaos.sweep.wishes import Wishes


@dataclass
class Kitchen:
    """
    One run of a scenario: with the product as it is, or with a mutant at work.
    """

    house: House
    wishes: Wishes
    time: PassingTime
    mutant: str  # '' for the product as it is
    patience_seconds: float
    settled_after_seconds: float = field(default=0.0, init=False)

    @property
    def sick(self) -> dict[str, str]:
        """
        What a process is told in which the mutant works. For the product as it is: the same settings, and no name.
        """
        return {"DJANGO_SETTINGS_MODULE": "tests.chaos.mutants.settings", "ISOLATED_MUTANT": self.mutant}

    def start_worker(self, *, sick: bool = True, **told: str) -> None:
        """
        One plain worker.
        """
        # Celery takes ten seconds to note that a killed child's message is not worked at any more.
        told = {"ISOLATED_CELERY_WORKER_PREFETCH_MULTIPLIER": "4", **told, **(self.sick if sick else {})}
        self.house.start_worker("worker", "--concurrency=4", **told)

    def open_web(self) -> None:
        """
        The web application with the mutant in it; the next run gets a plain one again.
        """
        self.house.kill_worker("web")
        self.house.start_web(**self.sick)

    # Faults

    @contextmanager
    def paying(
        self, orders: Sequence[Order], *, tell: Callable[[Sale], Event] = payment_intent_succeeded
    ) -> Iterator[Paying]:
        """
        The orders are being paid, each by a guest of its own.
        """
        with Paying(self.house, orders, tell=tell) as paying:
            paying.begin()
            yield paying

    def crash(self, point: Point, action: Action, *, step: str = "") -> None:
        """
        Let the next one that passes there crash.
        """
        self.wishes.wish(Wish(point=point, step=step, action=action))

    def victim(self, action: Action) -> int:
        """
        Who crashed, once he has.
        """
        victim = self.wishes.victim()
        self.wishes.see(victim, action)
        return victim

    def resume(self, victim: int) -> None:
        """
        Let a stopped process go on, and wait until it is through with its message.
        """
        self.wishes.resume(victim)
        self.house.wait_for(
            lambda: victim not in {process for process, *_ in self.time.at_work()}, lambda: "still at work"
        )

    def each_is_answered(self, orders: Sequence[Order]) -> bool:
        """
        Has every message been carried out, or found nothing to claim?
        """
        ids = [order.pk for order in orders]
        done = StepRun.objects.filter(order_id__in=ids, state=State.DONE).count()
        said = (self.house.crew.logs / "worker.log").read_text(errors="replace").count("step.not_claimed")
        return done + said >= len(ids) * len(menu.about(Subject.ORDER))

    # What becomes of it

    def settle(self, orders: Sequence[Order], *, rows: int | None = None) -> None:
        """
        Let time pass until so many rows are at rest and none is under way, or an order was tried too often, or patience
        is at its end.
        """
        began = time.monotonic()
        ids = [order.pk for order in orders]
        wanted = len(ids) * len(menu.about(Subject.ORDER)) if rows is None else rows

        def settled() -> bool:
            at_rest = StepRun.objects.filter(order_id__in=ids, state__in=AT_REST).count()
            if tried_too_often(ids) or wanted <= at_rest == StepRun.objects.filter(order_id__in=ids).count():
                return True
            self.time.pass_by()
            return False

        while not patiently(settled) and time.monotonic() - began < self.patience_seconds:
            time.sleep(0.05)
        self.settled_after_seconds += time.monotonic() - began
