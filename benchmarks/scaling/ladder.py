"""
Ladders: the same backlog in front of one, two, four and eight of a kind, one rung after the other on the same tables.

Up in one repeat and down in the next, so that what the machine does meanwhile does not favour an end of the ladder.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from benchmarks import drain, processes
from benchmarks.cashier import Cashier, cashier
from benchmarks.drain import Drained
from benchmarks.place import POSTGRES, Place
from benchmarks.sampling import Sampler
from benchmarks.scaling import rounds
from benchmarks.scaling.dispatching import READY
from benchmarks.scaling.rounds import Rounds
from benchmarks.systems import OURS
from benchmarks.workload.audit import audit
from benchmarks.workload.models import Kind
from pipeline.dispatcher import SENT_AGAIN_AFTER_SECONDS

SETTINGS = "benchmarks.scaling.settings"
SYSTEM = replace(OURS, settings=SETTINGS)
MANY = (1, 2, 4, 8)
# Spread over two seconds, so that there are messages enough for everybody to do each kind of work.
WARM_UP, WARM_UP_EVERY_SECONDS = 200, 0.01
LANES = "emails,pos_sync,analytics,loyalty,inventory"
Say = Callable[[str], None]
LOCKED = "Lock "  # how PostgreSQL begins to say that somebody waits for a lock on a row or a table
BUSIEST = 5

# Sent again although its time had not come, or claimed more than once although nobody died; and sent again for nobody had
# taken the message in time.
DOUBLED_AND_LATE = """
SELECT (SELECT count(*) FROM pipeline_stepevent event JOIN pipeline_steprun run ON run.id = event.step_run_id
         WHERE what = 'sent_again' AND at < promised_at + make_interval(secs => %s))
     + (SELECT count(*) FROM pipeline_steprun WHERE attempts > 1),
       (SELECT count(*) FROM pipeline_stepevent event JOIN pipeline_steprun run ON run.id = event.step_run_id
         WHERE what = 'sent_again' AND at >= promised_at + make_interval(secs => %s))
"""


@dataclass(frozen=True, kw_only=True)
class Rung:
    """
    What so many of a kind cost and did. `looks` counts the times that a backend was seen at work, `locked` those of them
    in which it waited for a lock, `waited_at` where.
    """

    kind: str
    many: int
    drained: Drained
    rounds: Rounds
    doubled: int
    late: int
    looks: int
    locked: int
    waited_at: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """
    A kind of process of which there may be more: how one is started, who else is there from the beginning, and whether
    the orders wait for them as a backlog or come while they work.
    """

    kind: str
    start: Callable[[Place, str], None]
    others: Callable[[Place], list[str]]
    in_flow: bool

    def climb(self, place: Place, *, count: int, say: Say, many: Sequence[int] = MANY) -> list[Rung]:
        """
        Drain so many orders on each rung; raises WrongEffects where an effect did not happen exactly once.
        """
        portions = _portions(drain.placed(place, len(many) * (WARM_UP + count)), WARM_UP + count)
        found = []
        with cashier(place, SYSTEM) as desk, self._others_at_work(place) as others:
            for rung, ids in zip(many, portions, strict=True):
                say(f"{rung} {self.kind}")
                crew = [*others, *self._exactly(place, rung)]
                found.append(self._rung(place, desk, crew, many=rung, ids=ids))
        audit(place.rows)
        return found

    @contextmanager
    def _others_at_work(self, place: Place) -> Iterator[list[str]]:
        try:
            yield self.others(place)
        finally:
            place.dismiss()

    def _exactly(self, place: Place, many: int) -> list[str]:
        wanted = [f"{self.kind}-{number}" for number in range(max(MANY))]
        for name in wanted[:many]:
            if name not in place.crew.running:
                self.start(place, name)
        for name in wanted[many:]:
            if name in place.crew.running:
                place.crew.kill(name)  # idle: it holds nothing
        return wanted[:many]

    def _rung(self, place: Place, desk: Cashier, crew: list[str], *, many: int, ids: Sequence[int]) -> Rung:
        _warm_up(place, desk, ids[:WARM_UP])
        desk.prepare(ids[WARM_UP:])
        doubled, late = _doubled_and_late(place)
        noted = len(rounds.lines())
        drained, sampler = self._watched(place, desk, crew, count=len(ids) - WARM_UP)
        waited_at = {
            f"{doing}: {statement}": times
            for (statement, doing), times in sampler.seen.most_common()
            if doing.startswith(LOCKED)
        }
        return Rung(
            kind=self.kind,
            many=many,
            drained=drained,
            rounds=Rounds.of(rounds.lines()[noted:]),
            doubled=_doubled_and_late(place)[0] - doubled,
            late=_doubled_and_late(place)[1] - late,
            looks=sampler.seen.total(),
            locked=sum(waited_at.values()),
            waited_at=dict(list(waited_at.items())[:BUSIEST]),
        )

    def _watched(
        self, place: Place, desk: Cashier, crew: list[str], *, count: int
    ) -> tuple[Drained, Sampler]:
        """
        The measured run under the sampler; what the sampler itself asks of PostgreSQL is taken off the bill.
        """
        line = place.new_line()
        backend = line.info.backend_pid
        with Sampler(line) as sampler:
            before = processes.cpu_seconds(backend)
            if self.in_flow:
                drained = drain.in_flow(place, desk, count=count)
            else:
                drained = drain.measured(place, desk, crew, count=count)
            watching_ms = 1000 * (processes.cpu_seconds(backend) - before) / count
        cpu_ms = {**drained.cpu_ms, POSTGRES: drained.cpu_ms[POSTGRES] - watching_ms}
        return replace(drained, cpu_ms=cpu_ms), sampler


def _portions(ids: Sequence[int], size: int) -> list[Sequence[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _warm_up(place: Place, desk: Cashier, ids: Sequence[int]) -> None:
    already = place.rows(drain.COUNT)[0][0] // len(Kind)
    desk.prepare(ids, every=WARM_UP_EVERY_SECONDS)
    desk.pay()
    drain.wait_for_effects(place, already + len(ids))


def _doubled_and_late(place: Place) -> tuple[int, int]:
    [(doubled, late)] = place.rows(DOUBLED_AND_LATE, SENT_AGAIN_AFTER_SECONDS, SENT_AGAIN_AFTER_SECONDS)
    return doubled, late


# The two kinds


def _start_worker(place: Place, name: str) -> None:
    place.start_worker(name, "--concurrency=1", settings=SETTINGS)


def _start_dispatcher(place: Place, name: str) -> None:
    place.start(name, "benchmarks.scaling.dispatching", says=READY, settings=SETTINGS)


def _one_worker_without_the_dispatcher(place: Place) -> list[str]:
    place.start_worker("lanes", "--concurrency=2", f"--queues={LANES}", settings=SETTINGS)
    return ["lanes"]


WORKERS = Ladder(kind="workers", start=_start_worker, others=lambda _place: [], in_flow=False)
DISPATCHERS = Ladder(
    kind="dispatchers", start=_start_dispatcher, others=_one_worker_without_the_dispatcher, in_flow=True
)
LADDERS = (WORKERS, DISPATCHERS)
