"""
A whole pipeline in one process: a menu of four steps, the broker's messages in our hands, workers that may be stopped.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from django.db import DatabaseError, transaction

from pipeline import answers, dispatcher, lanes
from pipeline.dead_letters import revive
from pipeline.declaring import declared_temporarily
from pipeline.models import State
from pipeline.promises import promise
from pipeline.queues import Queue
from pipeline.retries import RetryPolicy
from pipeline.statements import execute, rows
from pipeline.steps import Effect, Step, menu
from tests.chaos.machines.outside import Asked, Blind, Keyed, Ledger, Sink, World
from tests.chaos.machines.pipeline_books import Books
from tests.chaos.machines.post import Message, Post
from tests.chaos.machines.processes import How, Killed, Mishap, Process, Seat

POLICY = RetryPolicy(times=2, delay_seconds=30)
LANES = (Queue.LOYALTY, Queue.POS_SYNC, Queue.EMAILS)
BEGUN_ON_PAUSED_LANES = """
SELECT id, attempts FROM pipeline_steprun WHERE lane IN (SELECT lane FROM pipeline_lanepause) ORDER BY id
"""
ROUNDS_UNTIL_QUIET = 12
CREATE = "CREATE UNLOGGED TABLE IF NOT EXISTS chaos_effect (order_id bigint)"
EMPTY = "TRUNCATE chaos_effect, pipeline_steprun, pipeline_stepevent, pipeline_lanepause"
# Rows that a suspended worker holds are not waited for.
LET_TIME_PASS = """
UPDATE pipeline_steprun SET due_at = clock_timestamp() - interval '1 second'
 WHERE id IN (SELECT id FROM pipeline_steprun WHERE state = ANY(%(states)s) AND due_at > clock_timestamp()
                 FOR UPDATE SKIP LOCKED)
"""


class Plant:
    """
    The real engine on a real database; everything around it is ours to break.
    """

    def __init__(self) -> None:
        self.post = Post(LANES)
        self.steps: dict[str, Step] = {}
        self.seats: list[Seat] = []
        self.begin()

    def begin(self) -> None:
        """
        Empty everything: nothing was promised yet.
        """
        execute(EMPTY)
        self.post.throw_away()
        self.world = World()
        self.ledger = Ledger("ledger", self.world)
        self.sinks = [kind(kind.__name__.lower(), self.world) for kind in (Keyed, Asked, Blind)]
        self.promised: set[int] = set()
        self.stalled: list[Process] = []
        self.idle = list(self.seats)

    def sink(self, name: str) -> Sink:
        return next(sink for sink in self.sinks if sink.name == name)

    # What guests, the dispatcher and workers do

    def pay(self, order: int) -> None:
        with transaction.atomic():
            promise(order_id=order, steps=self.steps.values())
        self.promised.add(order)

    def tick(self, mishap: Mishap | None = None) -> None:
        self.start(dispatcher.dispatch, mishap)
        self.post.collect()

    def deliver(self, message: Message, mishap: Mishap | None = None) -> None:
        step = menu.find(message.step)
        before = self._begun_on_paused_lanes()
        self.start(lambda: answers.to_the_dispatcher(step, message.argument), mishap)
        assert self._begun_on_paused_lanes() == before, f"began on a paused lane: {message}"

    def deliver_everything(self) -> None:
        while self.post.messages:
            self.deliver(self.post.take(0))

    def _begun_on_paused_lanes(self) -> list[tuple[object, ...]]:
        return rows(BEGUN_ON_PAUSED_LANES)

    def start(self, work: Callable[[], object], mishap: Mishap | None = None) -> None:
        """
        Let a process do the work until it ends, or stalls.
        """
        if not self.idle:
            self.seats.append(Seat())
            self.idle.append(self.seats[-1])
        process = Process(self.idle.pop(), work, mishap)
        self._put_away(process)

    def wake(self, which: int, ending: Callable[[Process], None] = Process.wake) -> None:
        """
        Let a stalled process go on, or kill it.
        """
        process = self.stalled.pop(which % len(self.stalled))
        ending(process)
        self._put_away(process)

    def _put_away(self, process: Process) -> None:
        if process.is_stalled:
            self.stalled.append(process)
            return
        self.idle.append(process.seat)
        expected: tuple[type[BaseException], ...] = (Killed,)
        if process.mishap and process.mishap.how is How.LOSES_ITS_LINE:
            expected = (DatabaseError,)
        if process.trouble is not None and not isinstance(process.trouble, expected):
            raise process.trouble

    # What time and people do

    def let_time_pass(self, states: Sequence[str] = ("promised", "sent", "running", "waiting")) -> None:
        execute(LET_TIME_PASS, states=list(states))

    def revive_everything(self) -> None:
        for run in Books.read().runs:
            if run.state in (State.BURIED, State.DISCARDED):
                revive(order_id=run.order, step=run.step, by="anna", reason="mended")
                for sink in self.sinks:
                    if sink.name in run.step:
                        sink.was_revived(run.order)

    def calm_down(self) -> None:
        """
        No new mishaps: every lane is open, others take over from whoever sleeps, and then the sleepers wake.
        """
        self.world.moods.clear()
        for lane in LANES:
            lanes.resume(lane=lane, by="anna")
        for _ in range(2):
            self.let_time_pass()
            self.tick()
            self.deliver_everything()
        while self.stalled:
            self.wake(0)

    def run_until_quiet(self) -> None:
        """
        Dispatch and work until nothing is open; a bounded number of rounds must do.
        """
        for _ in range(ROUNDS_UNTIL_QUIET):
            self.let_time_pass()
            self.tick()
            self.deliver_everything()
            if not Books.read().open():
                return
        raise AssertionError(f"still open after {ROUNDS_UNTIL_QUIET} rounds: {Books.read().open()}")

    # What must be true

    def check(self) -> None:
        """
        The rules that hold at any moment.
        """
        books = Books.read()
        books.check_rows(self.steps)
        books.check_promises(self.steps, self.promised)
        books.check_effects(ledger=name_of("ledger"))
        books.check_burials(self.steps)
        for sink in self.sinks:
            sink.check(done=books.done(name_of(sink.name)), promised=self.promised, most=POLICY.attempts)

    def check_all_is_done(self) -> None:
        books = Books.read()
        assert {run.state for run in books.runs} <= {State.DONE}, books.runs
        assert books.effects == Counter(self.promised), books.effects

    def close(self) -> None:
        for process in self.stalled:
            process.kill()
        for seat in self.seats:
            seat.work.put(None)
        for seat in self.seats:
            seat.join()
        self.post.close()


def name_of(who: str) -> str:
    """
    The name of the step that works for this sink (or for the ledger).
    """
    return f"{__name__}.{who}_task"


@contextmanager
def running_plant() -> Iterator[Plant]:
    """
    A plant, for as long as the block lasts.
    """
    execute(CREATE)
    plant = Plant()
    outside = {"retry": POLICY, "effect": Effect.OUTSIDE, "at_once": 1}
    with ExitStack() as stack:
        stack.callback(execute, "DROP TABLE chaos_effect")
        stack.callback(plant.close)
        for declared in (
            declared_temporarily(
                _named("ledger", lambda orders: plant.ledger.work(orders)),
                queue=Queue.LOYALTY,
                retry=POLICY,
                effect=Effect.DATABASE,
            ),
            declared_temporarily(_parcels(plant, "keyed"), queue=Queue.POS_SYNC, looks_up=True, **outside),
            declared_temporarily(_parcels(plant, "asked"), queue=Queue.POS_SYNC, looks_up=True, **outside),
            declared_temporarily(_parcels(plant, "blind"), queue=Queue.EMAILS, **outside),
        ):
            task = stack.enter_context(declared)
            plant.steps[task.name] = menu.find(task.name)
        yield plant


def _parcels(plant: Plant, who: str) -> Callable[[Sequence[int]], dict[int, Sink]]:
    return _named(who, lambda orders: dict.fromkeys(orders, plant.sink(who)))


def _named(who: str, work: Callable[[Sequence[int]], dict]) -> Callable[[Sequence[int]], dict]:
    def step(order_ids: Sequence[int]) -> dict:
        return work(order_ids)

    step.__module__, step.__name__ = __name__, f"{who}_task"
    step.__doc__ = f"Work for the {who}."
    return step
