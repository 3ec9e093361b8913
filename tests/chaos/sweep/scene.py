"""
One crash from beginning to end: orders on their way to the point, the crash, the time that passes, the repair.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection

from devtools.stripe_sender.events import payment_intent_succeeded, refund_created
from devtools.till import Mode
from orders.models import Order
from payments.models import StripeEvent
from pipeline.crash_points import Point
from pipeline.crashing import Action, Wish
from pipeline.models import AT_REST, StepRun
from pipeline.steps import Subject, menu
from tests.acceptance.house import House, patiently, states
from tests.chaos.storm.processes import children_of
from tests.chaos.sweep.passing_time import PassingTime
from tests.chaos.sweep.paying import Paying, paid_with_a_card
from tests.chaos.sweep.refunded import assert_all_is_undone_once
from tests.chaos.sweep.roads import Case, Road
from tests.chaos.sweep.wishes import Wishes

ORDERS = 2
LETTERS = (
    "send_order_confirmation_email_task",
    "send_staff_notification_task",
    "send_refund_notice_task",
    "send_staff_cancellation_task",
)
TOLD = {Road.REFUND: refund_created, Road.LONG_WAY: paid_with_a_card}
A_WORKER_DIES = Wish(point=Point.CLAIMED, step="process_loyalty_rewards", action=Action.KILL)
# Only the sending thread knew that the mail server had it, and for that thread it ended in trouble like any other.
TAKEN_AND_THEN_TROUBLE = (Point.LETTER_ACCEPTED, Action.RAISE)


@dataclass
class Scene:
    """
    The house in which crashes are played, one after the other, and what they were allowed to cost.
    """

    house: House
    wishes: Wishes
    time: PassingTime
    played: list[Order] = field(default_factory=list)
    copies_allowed: int = 0

    def play(self, case: Case) -> None:
        """
        Let it happen, wait until all is at rest again, and see that each effect is there exactly once.
        """
        orders = self.house.orders(ORDERS)
        self.time.unknown.clear()
        trouble_before = self._troubles()
        if case.road is Road.REFUND:
            self._pay_in_peace(orders)
        of_the_web = self._processes_of_the_web()
        with Paying(self.house, orders, tell=TOLD.get(case.road, payment_intent_succeeded)) as paying:
            self._lead_to(case, orders, paying)
            victim = self.wishes.victim()
            self.wishes.see(victim, case.action)
            if victim in of_the_web:
                self._open_the_door(case.action)
                paying.again()
            self._wait_until_at_rest(case, orders, paying)
            if case.action is Action.STOP:
                self._wake(victim)
            if case.action is Action.RAISE:
                self.house.wait_for(lambda: self._troubles() > trouble_before, lambda: "no log tells of it")
            paying.answers()
        self._check(case, orders)

    def mend(self) -> None:
        """
        Leave nothing of one crash to the next.
        """
        self.wishes.forget()
        self.house.till.mend()
        self.house.mailbox.mend()

    # On the way there

    def _lead_to(self, case: Case, orders: Sequence[Order], paying: Paying) -> None:
        wish = Wish(point=case.point, step=case.step, action=case.action)
        if case.road is Road.LOST_LEASE:
            self.wishes.wish(A_WORKER_DIES)
            paying.begin()
            self.wishes.see(self.wishes.victim(), Action.KILL)
            self.wishes.wish(wish)
            self.house.wait_for(self._passes, lambda: "no lease was lost")
            return
        if case.road is Road.LATE_ORDER:
            self._pay_too_early(orders, paying)
        self._break_what_must_be(case.road)
        self.wishes.wish(wish)
        if case.road is Road.LATE_ORDER:
            self._turn_up(orders)
        else:
            paying.begin()

    def _pay_in_peace(self, orders: Sequence[Order]) -> None:
        self.house.pay(orders)
        self.house.wait_until_at_rest(orders)
        self.house.assert_each_step_happened_once(orders)

    def _break_what_must_be(self, road: Road) -> None:
        if road is Road.FAILURE:
            self.house.till.break_down(Mode.SERVER_ERROR, times=1)
        if road is Road.PATIENCE:
            self.house.till.break_down(Mode.RATE_LIMITED, times=1, seconds=1)

    def _passes(self) -> bool:
        patiently(lambda: self.time.pass_by() is None)
        return self.wishes.is_fulfilled()

    def _pay_too_early(self, orders: Sequence[Order], paying: Paying) -> None:
        for order in orders:
            Order.objects.filter(pk=order.pk).update(public_id=uuid.uuid4())
        paying.begin()
        assert paying.answers() == [200] * len(orders)
        assert StripeEvent.objects.filter(retry_at__isnull=False).count() == len(orders), (
            "something else waits, too"
        )

    def _turn_up(self, orders: Sequence[Order]) -> None:
        for order in orders:
            Order.objects.filter(pk=order.pk).update(public_id=order.public_id)
        StripeEvent.objects.filter(retry_at__isnull=False).update(retry_at="2026-01-01T00:00:00Z")

    # Afterwards

    def _processes_of_the_web(self) -> list[int]:
        # They also dispatch, while it is calm.
        return children_of(self.house.crew.running["web"].pid)

    def _open_the_door(self, action: Action) -> None:
        """
        What systemd does: granian ends when one of its processes was killed, and is started again.
        """
        if action is Action.KILL:
            self.house.wait_for(
                self._door_is_closed, lambda: "granian goes on without the one that was killed"
            )
            self.house.start_web()

    def _door_is_closed(self) -> bool:
        return self.house.crew.running["web"].poll() is not None

    def _wait_until_at_rest(self, case: Case, orders: Sequence[Order], paying: Paying) -> None:
        ids = [order.pk for order in orders]
        subjects = [Subject.ORDER, *([Subject.REFUND] if case.road is Road.REFUND else [])]
        wanted = len(ids) * sum(len(menu.about(subject)) for subject in subjects)

        def at_rest() -> bool:
            if StepRun.objects.filter(order_id__in=ids, state__in=AT_REST).count() == wanted:
                return paying.is_through()
            self.time.pass_by()
            return False

        self.house.wait_for(at_rest, lambda: f"not at rest: {states(ids)}")

    def _wake(self, victim: int) -> None:
        """
        Let the stopped one go on, who does not know that others have done his work, until he is through with it.
        """
        self.wishes.resume(victim)
        self.house.wait_for(
            lambda: victim not in {process for process, *_ in self.time.at_work()},
            lambda: f"process {victim} is still at work",
        )

    def _check(self, case: Case, orders: Sequence[Order]) -> None:
        connection.close_if_unusable_or_obsolete()
        unknown = max(
            sum(n for step, n in self.time.unknown.items() if step.endswith(kind)) for kind in LETTERS
        )
        allowed = unknown + ((case.point, case.action) == TAKEN_AND_THEN_TROUBLE)
        if case.road is Road.REFUND:
            assert_all_is_undone_once(self.house, orders, letters_twice_at_most=allowed)
            return
        self.house.assert_each_step_happened_once(orders, letters_twice_at_most=allowed)
        self.played += orders
        self.copies_allowed += allowed

    def _troubles(self) -> int:
        logs = (self.house.crew.logs / f"{name}.log" for name in ("web", "worker"))
        return sum(log.read_text(errors="replace").count("ProvokedTrouble") for log in logs)
