"""
M2, the pipeline under every mishap: lost and doubled messages, workers that die, stall and wake, clocks that jump.

The broker and the outside are in the machine's hands; the database, the dispatcher, the claims and the carrying out are
the real ones. After each rule the books must be in order; at the end everything heals, and every promise must have been
kept exactly once, or lie buried for a reason; and what lay buried is kept when a person revives it.
"""

import sys
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline import answers, lanes
from pipeline.dead_letters import CannotDiscard, discard
from pipeline.queues import Queue
from tests.chaos.machines.outside import Mood
from tests.chaos.machines.plant import LANES, Plant, name_of
from tests.chaos.machines.post import Post, broker_gone_after
from tests.chaos.machines.processes import How, Mishap, Process

ORDERS = st.integers(1, 5)
ANY = st.integers(0, 7)
WHO = st.sampled_from(["ledger", "keyed", "asked", "blind"])
STATEMENTS_OF_A_DISPATCHER = 24
STATEMENTS_OF_A_WORKER = 9


def mishaps(statements: int) -> st.SearchStrategy[Mishap | None]:
    """
    Nothing at all, or one mishap within the first so many statements.
    """
    befalls = st.builds(
        Mishap,
        how=st.sampled_from(How),
        at=st.integers(1, 4) | st.integers(1, statements),
        after=st.booleans(),
    )
    return st.none() | befalls


class PipelineMachine(RuleBasedStateMachine):
    """
    Guests, people, time and bad luck, in any order.
    """

    def __init__(self, plant: Plant) -> None:
        super().__init__()
        self.plant = plant
        plant.begin()

    # What guests, the dispatcher and workers do, and what befalls them

    @rule(orders=st.sets(ORDERS, min_size=1, max_size=3))
    def orders_are_paid(self, orders: set[int]) -> None:
        for order in sorted(orders):
            self.plant.pay(order)

    @rule(mishap=mishaps(STATEMENTS_OF_A_DISPATCHER))
    def the_dispatcher_ticks(self, mishap: Mishap | None) -> None:
        self.plant.tick(mishap)

    @precondition(lambda self: self.plant.promised)
    @rule(states=st.sets(st.sampled_from(["running", "sent", "waiting", "promised"]), min_size=1))
    def the_clock_jumps_and_the_dispatcher_ticks(self, states: set[str]) -> None:
        self.plant.let_time_pass(sorted(states))
        self.plant.tick()

    @precondition(lambda self: self.plant.post.messages)
    @rule(which=ANY, mishap=mishaps(STATEMENTS_OF_A_WORKER))
    def a_worker_takes_a_message(self, which: int, mishap: Mishap | None) -> None:
        self.plant.deliver(self.plant.post.take(which), mishap)

    @precondition(lambda self: self.plant.post.messages)
    @rule()
    def workers_take_all_messages(self) -> None:
        self.plant.deliver_everything()

    @precondition(lambda self: self.plant.post.messages)
    @rule(which=ANY, at=st.integers(1, 4), after=st.booleans())
    def a_worker_is_suspended_until_another_has_taken_over(self, which: int, at: int, after: bool) -> None:  # noqa: FBT001 - hypothesis gives it
        self.plant.deliver(self.plant.post.take(which), Mishap(how=How.STALLS, at=at, after=after))
        self.plant.let_time_pass(["running"])
        self.plant.tick()

    @precondition(lambda self: self.plant.stalled)
    @rule(which=ANY, meets=st.sampled_from(Mood))
    def a_stalled_process_wakes(self, which: int, meets: Mood) -> None:
        self.plant.world.moods.appendleft(meets)
        self.plant.wake(which)

    @precondition(lambda self: self.plant.stalled)
    @rule(which=ANY)
    def a_stalled_process_is_killed(self, which: int) -> None:
        self.plant.wake(which, Process.kill)

    @rule(moods=st.lists(st.sampled_from(Mood), min_size=1, max_size=4))
    def the_world_will_be_in_these_moods(self, moods: list[Mood]) -> None:
        self.plant.world.moods.extend(moods)

    # What the broker does with the messages

    @precondition(lambda self: self.plant.promised)
    @rule(taken=st.integers(0, 2))
    def the_broker_goes_away_while_the_dispatcher_ticks(self, taken: int) -> None:
        with broker_gone_after(taken):
            self.plant.tick()

    @precondition(lambda self: self.plant.post.messages)
    @rule(which=ANY, happens=st.sampled_from([Post.take, Post.double, Post.double, Post.throw_away]))
    def messages_are_lost_or_doubled(self, which: int, happens: Callable[..., object]) -> None:
        happens(self.plant.post, which)

    # What people do

    @precondition(lambda self: self.plant.promised)
    @rule(which=ANY, who=WHO)
    def somebody_calls_a_step_by_hand(self, which: int, who: str) -> None:
        order, step = self._one_of_the_promised(which), self.plant.steps[name_of(who)]
        self.plant.start(lambda: answers.by_hand(step, order))

    @rule(
        order=ORDERS, who=WHO, mood=st.sampled_from([Mood.NEVER, Mood.REFUSES, Mood.BREAKS, Mood.SURPRISES])
    )
    def an_order_becomes_hopeless(self, order: int, who: str, mood: Mood) -> None:
        self.plant.world.hopeless[(who, order)] = mood

    @rule(lane=st.sampled_from(LANES), stands_still=st.booleans())
    def a_lane_is_paused_or_resumed(self, lane: Queue, stands_still: bool) -> None:  # noqa: FBT001 - hypothesis gives it
        if stands_still:
            lanes.pause(lane=lane, by="anna", reason="a test")
        else:
            lanes.resume(lane=lane, by="anna")

    @precondition(lambda self: self.plant.promised and not self.plant.stalled)
    @rule(which=ANY, who=WHO)
    def a_step_is_given_up_or_all_are_revived(self, which: int, who: str) -> None:
        try:
            order = self._one_of_the_promised(which)
            discard(order_id=order, step=name_of(who), by="anna", reason="a test")
        except CannotDiscard:  # done, or given up before
            self.plant.revive_everything()

    def _one_of_the_promised(self, which: int) -> int:
        promised = sorted(self.plant.promised)
        return promised[which % len(promised)]

    # What must be true

    @invariant()
    def the_books_are_in_order(self) -> None:
        self.plant.check()

    def teardown(self) -> None:
        """
        It calms down: every promise is kept, or lies at rest for a reason. It heals: revived, also the rest is kept.
        """
        if sys.exception() is not None:  # a rule has failed: that is what has to be told
            return
        self.plant.calm_down()
        self.plant.check()
        self.plant.run_until_quiet()
        self.plant.check()
        self.plant.world.heal()
        self.plant.revive_everything()
        self.plant.run_until_quiet()
        self.plant.check()
        self.plant.check_all_is_done()
