"""
A reversal at every moment of the step that it undoes.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.test import TestCase

from pipeline import lost_leases
from pipeline.claims import Claim
from pipeline.dead_letters import CannotRevive, discard, revive
from pipeline.failures import NotNow, PermanentFailure, TemporaryFailure, UnknownOutcome
from pipeline.models import State, StepRun
from pipeline.restored import release
from pipeline.results import settle
from pipeline.runner import carry_out
from pipeline.steps import Attempt, Step, Subject, WhenWithdrawn
from pipeline.testing import (
    Sink,
    history_of,
    make_due,
    outside_step,
    promised,
    promised_of_refund,
    run_of,
    seconds_until_due,
)
from pipeline.withdrawals import reinstate, withdraw

ORDER = 7
REFUND = 7007
PUT_OFF = State.WAITING


@dataclass(frozen=True, kw_only=True)
class Moment:
    """
    How far the original has got, and what a reversal then does: plain, after a withdrawal, and where it can be looked up.
    """

    name: str
    get_there: Callable[["World"], None]
    plain: State
    withdrawn: State
    looked_up: State


@dataclass
class World:
    """
    One step that sends, one that undoes it, an order and its refund.
    """

    original: Step
    reversal: Step
    sink: Sink
    undone: Sink
    order: int = 7

    @property
    def refund(self) -> int:
        return self.order + 7000

    def fails(self, trouble: Exception) -> None:
        def behaviour(_attempt: Attempt) -> dict[str, object]:
            raise trouble

        self.sink.behaviour = behaviour

    def try_original(self) -> None:
        make_due(self.original, self.order)
        carry_out(self.original, [self.order])

    def withdraw(self) -> None:
        withdraw(subject_id=self.order, steps=[self.original], because="the order was refunded")

    def promise_reversal(self) -> None:
        promised_of_refund(self.reversal, self.refund, order_id=self.order)

    def reverse(self) -> State:
        make_due(self.reversal, self.refund)
        carry_out(self.reversal, [self.refund])
        return State(run_of(self.reversal, self.refund).state)

    def stands(self) -> StepRun:
        return run_of(self.original, self.order)


@contextmanager
def world(*, order: int = 7, looks_up: bool = False, **how: object) -> Iterator[World]:
    """
    The step is promised for the order.
    """
    sink, undone = Sink(), Sink()
    undoing = {"name": "undo_task", "subject": Subject.REFUND, "looks_up": looks_up}
    with (
        outside_step(sink, looks_up=looks_up, **how) as original,
        outside_step(undone, reverses=original, **undoing) as reversal,
    ):
        promised(original, order)
        yield World(original=original, reversal=reversal, sink=sink, undone=undone, order=order)


def is_promised(_world: World) -> None:
    pass


def is_sent(at: World) -> None:
    StepRun.objects.filter(step=at.original.name, subject_id=at.order).update(state=State.SENT)


def is_running(at: World) -> None:
    Claim.take(step=at.original, subjects=[at.order]).mark_sending()


def waits(at: World) -> None:
    at.fails(TemporaryFailure("busy"))
    at.try_original()


def waits_with_an_unknown_outcome(at: World) -> None:
    at.fails(UnknownOutcome("the answer was lost"))
    at.try_original()


def is_done(at: World) -> None:
    at.try_original()


def is_buried(at: World) -> None:
    at.fails(PermanentFailure("refused"))
    at.try_original()


def is_discarded(at: World) -> None:
    is_buried(at)
    discard(order_id=at.order, step=at.original.name, by="anna", reason="rung up by hand")


MOMENTS = (
    Moment(name="promised", get_there=is_promised, plain=PUT_OFF, withdrawn=State.SKIPPED, looked_up=State.SKIPPED),
    Moment(name="sent", get_there=is_sent, plain=PUT_OFF, withdrawn=State.SKIPPED, looked_up=State.SKIPPED),
    Moment(name="running", get_there=is_running, plain=PUT_OFF, withdrawn=PUT_OFF, looked_up=PUT_OFF),
    Moment(name="waiting", get_there=waits, plain=PUT_OFF, withdrawn=State.SKIPPED, looked_up=State.DONE),
    Moment(
        name="waiting, unknown",
        get_there=waits_with_an_unknown_outcome,
        plain=PUT_OFF,
        withdrawn=State.DONE,
        looked_up=State.DONE,
    ),
    Moment(name="done", get_there=is_done, plain=State.DONE, withdrawn=State.DONE, looked_up=State.DONE),
    Moment(name="buried", get_there=is_buried, plain=PUT_OFF, withdrawn=State.SKIPPED, looked_up=State.DONE),
    Moment(
        name="discarded", get_there=is_discarded, plain=State.SKIPPED, withdrawn=State.SKIPPED, looked_up=State.DONE
    ),
)  # fmt: skip


class TestReversal(TestCase):
    def test_waits_undoes_or_is_skipped_by_where_its_original_stands(self):
        cases = itertools.product(MOMENTS, ("plain", "withdrawn", "looked_up"))
        for order, (moment, case) in enumerate(cases, start=1):
            with (
                self.subTest(moment=moment.name, case=case),
                world(order=order, looks_up=case == "looked_up") as at,
            ):
                moment.get_there(at)
                if case != "plain":
                    at.withdraw()
                at.promise_reversal()

                state = at.reverse()

                self.assertEqual(state, getattr(moment, case))
                self.assertEqual(len(at.undone.attempts), state is State.DONE)

    def test_undoes_what_the_other_side_has_heard_of_though_no_attempt_counted(self):
        with world(looks_up=True) as at:
            later = NotNow("busy")
            later.heard_of_it = True
            at.fails(later)
            at.try_original()
            at.withdraw()
            at.promise_reversal()

            self.assertEqual((at.stands().attempts, at.reverse()), (0, State.DONE))

    def test_undoes_what_was_revived_and_not_begun_again(self):
        for order, looks_up in ((1, True), (2, False)):
            with self.subTest(looks_up=looks_up), world(order=order, looks_up=looks_up) as at:
                is_buried(at)
                revive(order_id=order, step=at.original.name, by="anna", reason="mended")
                at.withdraw()
                at.promise_reversal()

                self.assertEqual(at.reverse(), State.DONE)

    def test_is_skipped_where_the_step_was_never_promised(self):
        with world() as at:
            at.order = 8
            at.promise_reversal()

            self.assertEqual(at.reverse(), State.SKIPPED)
            self.assertEqual(history_of(at.reversal, at.refund), ["skipped"])

    def test_counts_no_attempt_while_it_waits_and_comes_back_soon(self):
        with world() as at:
            is_running(at)
            at.promise_reversal()

            at.reverse()

            run = run_of(at.reversal, at.refund)
            self.assertEqual((run.attempts, run.because), (0, "the step that it undoes is running"))
            self.assertLess(seconds_until_due(at.reversal, at.refund), 6)

    def test_follows_once_the_original_is_done(self):
        with world() as at:
            at.promise_reversal()
            self.assertEqual(at.reverse(), PUT_OFF)

            at.try_original()

            self.assertEqual(at.reverse(), State.DONE)

    def test_looks_again_when_its_original_is_sent_round_once_more(self):
        with world() as at:
            is_discarded(at)
            at.promise_reversal()
            self.assertEqual(at.reverse(), State.SKIPPED)
            at.sink.behaviour = lambda _attempt: {}

            revive(order_id=at.order, step=at.original.name, by="anna")
            at.try_original()

            self.assertEqual(at.reverse(), State.DONE)


class TestWithdrawnStep(TestCase):
    def test_that_is_running_is_not_tried_again_when_it_fails(self):
        troubles = (TemporaryFailure("busy"), PermanentFailure("no"), UnknownOutcome("lost"), NotNow("later"))
        for order, trouble in enumerate(troubles, start=1):
            with self.subTest(type(trouble).__name__), world(order=order) as at:
                claim = Claim.take(step=at.original, subjects=[order])
                at.withdraw()

                result = settle(claim, order, trouble)

                self.assertEqual((at.stands().state, at.stands().due_at), (State.SKIPPED, None))
                self.assertEqual(result.state, State.SKIPPED)
                self.assertEqual(history_of(at.original, order), ["skipped"])

    def test_that_is_running_may_still_end_well(self):
        with world() as at:
            claim = Claim.take(step=at.original, subjects=[at.order])
            at.withdraw()

            claim.finish({at.order: {}})

            self.assertEqual(at.stands().state, State.DONE)

    def test_that_died_with_its_worker_is_not_begun_again(self):
        with world() as at:
            is_running(at)
            at.withdraw()
            make_due(at.original, at.order)

            lost_leases.take_back()

            self.assertEqual(at.stands().state, State.SKIPPED)
            self.assertEqual(history_of(at.original, at.order), ["lease_lost", "skipped"])

    def test_that_lies_buried_is_not_revived(self):
        with world() as at:
            is_buried(at)
            at.withdraw()

            with self.assertRaisesMessage(CannotRevive, "nobody wants it any more"):
                revive(order_id=at.order, step=at.original.name, by="anna")

    def test_that_was_given_up_is_not_revived_either(self):
        with world() as at:
            is_discarded(at)
            at.withdraw()

            with self.assertRaises(CannotRevive):
                revive(order_id=at.order, step=at.original.name, by="anna")

    def test_that_may_have_been_done_after_a_backup_is_skipped_and_undone(self):
        for order, looks_up, left in ((1, True, State.SKIPPED), (2, False, State.BURIED)):
            with self.subTest(looks_up=looks_up), world(order=order, looks_up=looks_up) as at:
                is_running(at)
                at.withdraw()

                release(by="anna")
                at.promise_reversal()

                self.assertEqual((at.stands().state, at.reverse()), (left, State.DONE))

    def test_tells_why_in_its_history(self):
        with world() as at:
            at.withdraw()

            self.assertEqual(at.stands().because, "the order was refunded")
            self.assertEqual(history_of(at.original, at.order), ["skipped"])

    def test_goes_on_where_it_says_so_of_itself(self):
        with world(when_withdrawn=WhenWithdrawn.GOES_ON) as at:
            at.withdraw()

            at.try_original()

            self.assertEqual(at.stands().state, State.DONE)


class TestReinstatedStep(TestCase):
    def reinstate(self, at: World) -> None:
        reinstate(subject_id=at.order, steps=[at.original], because="the refund failed")

    def test_is_promised_again_where_it_says_so_of_itself(self):
        cases = ((1, WhenWithdrawn.RESUMED, State.DONE), (2, WhenWithdrawn.SKIPPED, State.SKIPPED))
        for order, how, state in cases:
            with self.subTest(how), world(order=order, when_withdrawn=how) as at:
                at.withdraw()
                self.reinstate(at)

                if at.stands().due_at:
                    at.try_original()

                self.assertEqual(at.stands().state, state)

    def test_may_be_revived_by_a_person(self):
        with world() as at:
            at.withdraw()
            self.reinstate(at)

            revive(order_id=at.order, step=at.original.name, by="anna", reason="the guest is here")

            self.assertEqual(at.stands().state, State.PROMISED)

    def test_is_undone_by_a_part_refund_that_had_found_nothing_to_undo(self):
        with world(when_withdrawn=WhenWithdrawn.RESUMED) as at:
            at.withdraw()
            at.promise_reversal()
            self.assertEqual(at.reverse(), State.SKIPPED)

            self.reinstate(at)
            at.try_original()

            self.assertEqual(at.reverse(), State.DONE)
