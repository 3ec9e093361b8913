"""
Bad nights, each written out: a mishap at every single place in turn, and the classics.

They always go the same way, so they can tell a mutant from the engine; the machine looks for what nobody thought of.
"""

from collections.abc import Callable, Iterator

from pipeline import lanes
from pipeline.models import State
from tests.chaos.machines.outside import Mood
from tests.chaos.machines.pipeline_books import Books
from tests.chaos.machines.plant import POLICY, Plant, name_of
from tests.chaos.machines.post import Message
from tests.chaos.machines.processes import How, Mishap, Process

EVERYBODY = ("ledger", "keyed", "asked", "blind")
ONE_OF_EACH_KIND = ("ledger", "blind")  # of step
ORDERS = (1, 2)
MORE_THAN_ANY_WORK = 20


def a_mishap_at_every_place(plant: Plant) -> None:
    """
    Each kind of step meets each mishap before and after each of its statements; others take over, then sleepers wake.
    """
    for who in ONE_OF_EACH_KIND:
        for how in How:
            for after in (False, True):
                for at in range(1, MORE_THAN_ANY_WORK):
                    if not _struck(plant, who, Mishap(how=how, at=at, after=after)):
                        break
                else:
                    raise AssertionError(f"{who} has more than {MORE_THAN_ANY_WORK} statements")


def a_dispatcher_has_a_mishap_at_every_place(plant: Plant) -> None:
    """
    What was taken and not published is sent again.
    """
    for how in How:
        for at in range(1, MORE_THAN_ANY_WORK):
            plant.begin()
            _pay(plant)
            plant.tick(Mishap(how=how, at=at, after=True))
            plant.end_well()


def sleepers_wake_into_a_world_that_refuses(plant: Plant) -> None:
    """
    Somebody else was done; the sleeper's late failure must not matter.
    """
    for who in ("ledger", "asked"):  # a blind one forgives what the last of them sends
        for mood in (Mood.REFUSES, Mood.NEVER, Mood.NOT_NOW):
            _struck(plant, who, Mishap(how=How.STALLS, at=2, after=True), meets=mood)


def nothing_ever_works(plant: Plant) -> None:
    """
    An order that is refused for ever is buried after the last attempt of the policy, and not before.
    """
    for mood in (Mood.REFUSES, Mood.BREAKS, Mood.SURPRISES, Mood.SWALLOWS_THE_ANSWER):
        plant.begin()
        _pay(plant)
        plant.world.hopeless = {(who, 1): mood for who in EVERYBODY}
        plant.run_until_quiet()
        plant.check()
        assert {run.state for run in Books.read().runs if run.order == 1} == {State.BURIED}
        plant.end_well()


def an_order_kills_its_workers(plant: Plant) -> None:
    """
    It is buried when it has had its attempts, however they ended.
    """
    for who in EVERYBODY:
        plant.begin()
        plant.pay(1)
        for _ in range(POLICY.attempts + 2):
            plant.let_time_pass()
            plant.tick()
            for message in _only(plant, who):
                plant.deliver(message, Mishap(how=How.DIES, at=1, after=True))
            plant.check()
        plant.let_time_pass()
        plant.tick()
        assert [run.state for run in Books.read().runs if run.step == name_of(who)] == [State.BURIED]
        plant.end_well()


def every_message_is_lost(plant: Plant) -> None:
    """
    Once; the rows are sent again.
    """
    plant.begin()
    _pay(plant)
    plant.tick()
    plant.post.throw_away()
    plant.end_well()


def every_message_comes_three_times(plant: Plant) -> None:
    """
    And only the first of them does anything.
    """
    plant.begin()
    _pay(plant)
    plant.tick()
    plant.post.messages *= 3
    plant.deliver_everything()
    plant.check()
    plant.end_well()


def messages_come_while_their_lane_stands_still(plant: Plant) -> None:
    """
    Nothing begins.
    """
    plant.begin()
    _pay(plant)
    plant.tick()
    for step in plant.steps.values():
        lanes.pause(lane=step.queue, by="anna", reason="a test")
    plant.deliver_everything()
    plant.end_well()


# The quick ones first: a mutant need not live longer than it must.
NIGHTS: tuple[Callable[[Plant], None], ...] = (
    every_message_is_lost,
    every_message_comes_three_times,
    messages_come_while_their_lane_stands_still,
    nothing_ever_works,
    an_order_kills_its_workers,
    sleepers_wake_into_a_world_that_refuses,
    a_mishap_at_every_place,
    a_dispatcher_has_a_mishap_at_every_place,
)


def _struck(plant: Plant, who: str, mishap: Mishap, *, meets: Mood = Mood.GOOD) -> bool:
    """
    Play one night with one mishap; False where the work was over before it could strike.
    """
    plant.begin()
    _pay(plant)
    plant.tick()
    [message] = _only(plant, who)
    process = plant.deliver(message, mishap)
    plant.let_time_pass(["running"])
    plant.tick()
    plant.deliver_everything()
    plant.check()
    if plant.stalled:
        plant.world.moods.append(meets)
        plant.wake(0, Process.wake)
        plant.check()
    plant.end_well()
    return process.has_struck


def _pay(plant: Plant) -> None:
    for order in ORDERS:
        plant.pay(order)


def _only(plant: Plant, who: str) -> Iterator[Message]:
    """
    The messages of one kind of step; the others stay where they are.
    """
    mine = [message for message in plant.post.messages if message.step == name_of(who)]
    for message in mine:
        plant.post.messages.remove(message)
    return iter(mine)
