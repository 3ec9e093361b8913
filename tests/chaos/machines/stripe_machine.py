"""
M1, one order and everything that Stripe may tell of it, in any order, number and delay, through the real webhook.

Where the order stands at the end must be a function of the set of events, and of nothing else.
"""

import time
from contextlib import ExitStack

from django.db import transaction
from django.db.models.functions import Now
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from orders.models import Order, Payment, Refund
from orders.testing import make_order
from payments import inbox
from payments.models import StripeEvent
from payments.testing import deliver
from pipeline.models import StepRun
from pipeline.steps import Subject, menu
from tests.chaos.machines.stripe_story import Outcome, Told, expected, story_of

HOURS = 60 * 60
NUMBER_OF_STORIES = 30
ROUNDS_UNTIL_SETTLED = 4
PUT_ASIDE = ("in_review", "partly_paid")


class StripeOrderMachine(RuleBasedStateMachine):
    """
    Deliveries, one after the other; when it is over, what came too early is handled again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(_rolled_back())
        self.order = make_order(paid=False, member=True)
        self.story = story_of(self.order)
        self.told: dict[str, Told] = {}

    @rule(which=st.integers(0, NUMBER_OF_STORIES - 1))
    def stripe_tells(self, which: int) -> None:
        one = self.story[which % len(self.story)]
        self._tell(one)

    @rule(which=st.integers(0, NUMBER_OF_STORIES - 1), gap=st.integers(-2, 2))
    def stripe_tells_two_that_belong_together(self, which: int, gap: int) -> None:
        for place in (which, which + gap):
            self._tell(self.story[place % len(self.story)])

    @precondition(lambda self: self.told)
    @rule(which=st.integers(0, 9))
    def stripe_tells_it_again(self, which: int) -> None:
        self._tell(list(self.told.values())[which % len(self.told)])

    @rule(which=st.integers(0, NUMBER_OF_STORIES - 1), hours=st.sampled_from([-1, 1]))
    def an_old_recording_is_played_to_us(self, which: int, hours: int) -> None:
        before = StripeEvent.objects.count()
        one = self.story[which % len(self.story)]

        assert deliver(one.event, at=int(time.time()) + hours * HOURS) == 400
        assert StripeEvent.objects.count() == before

    @rule()
    def what_came_too_early_is_handled_again(self) -> None:
        StripeEvent.objects.filter(retry_at__isnull=False).update(retry_at=Now())
        inbox.retry_unmatched()

    def teardown(self) -> None:
        with self.stack:
            for _ in range(ROUNDS_UNTIL_SETTLED):
                self.what_came_too_early_is_handled_again()
            self._check()

    def _tell(self, one: Told) -> None:
        assert deliver(one.event) == 200
        self.told[one.name] = one

    def _check(self) -> None:
        self.order.refresh_from_db()
        booked = Payment.objects.filter(order=self.order).values_list("payment_intent", flat=True).first()
        wanted = expected(self.told.values(), total=self.order.total_minor, booked=booked or "")
        assert outcome_of(self.order, self.story) == wanted, sorted(self.told)
        assert (self.order.review_reason != "") == (wanted.status in PUT_ASIDE), self.order.review_reason
        promised = set(StepRun.objects.filter(subject_id=self.order.pk).values_list("step", flat=True))
        menu_of_orders = {step.name for step in menu.about(Subject.ORDER)}
        assert promised & menu_of_orders == (menu_of_orders if wanted.payments else set())


def outcome_of(order: Order, story: list[Told]) -> Outcome:
    """
    Where the order stands, in the words of the expectation.
    """
    numbers = {one.event["data"]["object"]["id"]: one.refund for one in story if one.refund}
    refunds = Refund.objects.filter(order=order).values_list("stripe_id", "status")
    return Outcome(
        status=order.status,
        refunded=order.refunded_minor,
        payments=Payment.objects.filter(order=order).count(),
        refunds={numbers[stripe_id]: status for stripe_id, status in refunds},
    )


class _rolled_back:  # noqa: N801 - used as a context manager
    """
    What happens inside leaves no trace.
    """

    def __enter__(self) -> None:
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def __exit__(self, *how: object) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)
