"""
The fifteen invariants, each a function that returns what speaks against it: nothing, when it holds.

Most are one statement whose rows are the violations. They are judged when everything should be at rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline import backlog
from pipeline.statements import rows
from pipeline.steps import Subject, menu
from tests.chaos.check.attempts import INVARIANTS_OF_ATTEMPTS
from tests.chaos.check.evidence import Evidence
from tests.chaos.check.money import INVARIANTS_OF_MONEY
from tests.chaos.check.sinks import held_outside
from tests.chaos.terms import LONGEST_REST_SECONDS

ONE_PAID_ORDER = """
SELECT o.public_id::text, o.status, count(p.id)
  FROM orders_order o LEFT JOIN orders_payment p ON p.order_id = o.id
 WHERE o.public_id = ANY(%(orders)s::uuid[]) GROUP BY o.id
HAVING o.status NOT IN ('paid', 'partly_refunded', 'refunded') OR count(p.id) <> 1
"""
SIX_STEP_RUNS = """
SELECT o.public_id::text, count(run.id)
  FROM orders_order o LEFT JOIN pipeline_steprun run ON run.subject_id = o.id AND run.step = ANY(%(steps)s)
 WHERE o.paid_at IS NOT NULL GROUP BY o.id HAVING count(run.id) <> %(many)s
"""
# What was told to have failed before it was told to exist has nothing to undo.
REVERSALS = """
SELECT refund.stripe_id, refund.status,
       count(run.id) FILTER (WHERE run.step = ANY(%(undoing)s)), count(run.id) FILTER (WHERE run.step = ANY(%(giving)s))
  FROM orders_refund refund LEFT JOIN pipeline_steprun run
       ON run.subject_id = refund.id AND (run.step = ANY(%(undoing)s) OR run.step = ANY(%(giving)s))
 GROUP BY refund.id
HAVING (count(run.id) FILTER (WHERE run.step = ANY(%(undoing)s)), count(run.id) FILTER (WHERE run.step = ANY(%(giving)s)))
       <> ALL(CASE WHEN refund.status = 'failed'
                   THEN ARRAY[(0::bigint, 0::bigint), (%(undo)s::bigint, %(give)s::bigint)]
                   ELSE ARRAY[(%(undo)s::bigint, 0::bigint)] END)
"""
NOT_AT_REST = "SELECT order_id, step, state, because FROM pipeline_steprun WHERE due_at IS NOT NULL"
BURIED_UNSEEN = """
SELECT order_id, step FROM pipeline_steprun run WHERE state = 'buried'
   AND NOT EXISTS (SELECT FROM pipeline_stepevent e WHERE e.step_run_id = run.id AND e.what = 'buried')
"""
BURIED = "SELECT count(*) FROM pipeline_steprun WHERE state = 'buried'"
DONE = """
SELECT o.public_id::text FROM pipeline_steprun run JOIN orders_order o ON o.id = run.order_id
 WHERE run.step = %(step)s AND run.state = 'done'
"""
NOT_PAID_BUT_PROMISED = """
SELECT o.public_id::text, run.step FROM pipeline_steprun run JOIN orders_order o ON o.id = run.order_id
 WHERE o.paid_at IS NULL
"""
TURNED_BACK = """
SELECT order_id, was, became FROM chaos_turn
 WHERE was IN ('paid', 'partly_refunded', 'refunded') AND became NOT IN ('paid', 'partly_refunded', 'refunded')
"""

Against = list[str]
Judge = Callable[[Evidence], Against]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """
    One invariant, and what speaks against it.
    """

    name: str
    sentence: str
    against: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.against


def judge_all(evidence: Evidence) -> list[Judgement]:
    """
    All fifteen, in their order.
    """
    return [
        Judgement(name=name, sentence=" ".join((holds.__doc__ or "").split()), against=tuple(holds(evidence)))
        for name, holds in INVARIANTS.items()
    ]


def accepted_is_one_paid_order(evidence: Evidence) -> Against:
    """Every payment that was answered 2xx has exactly one paid order."""
    return _each(ONE_PAID_ORDER, orders=sorted(evidence.accepted.orders))


def paid_has_its_six_steps(_evidence: Evidence) -> Against:
    """Each paid order has exactly one step run for each step of the menu, and each refund one for each that undoes."""
    steps, undoing, giving = (
        [step.name for step in menu.about(subject)]
        for subject in (Subject.ORDER, Subject.REFUND, Subject.FAILED_REFUND)
    )
    six = _each(SIX_STEP_RUNS, steps=steps, many=len(steps))
    return six + _each(REVERSALS, undoing=undoing, giving=giving, undo=len(undoing), give=len(giving))


def everything_rests_where_it_is_seen(_evidence: Evidence) -> Against:
    """Each step run is at rest, and what is buried stands in the history and in the backlog's figures."""
    shown = sum(lane.buried for lane in backlog.by_lane())
    (buried,) = rows(BURIED)[0]
    miscounted = [] if shown == buried else [f"{buried} are buried, the backlog shows {shown}"]
    return _each(NOT_AT_REST) + _each(BURIED_UNSEEN) + miscounted


def done_shows_exactly_once(evidence: Evidence) -> Against:
    """What is done shows exactly once where it shows; a letter's copies only where its outcome was unknown."""
    wrong = [
        f"{count.sink}: {len(count.lost)} lost, {len(count.doubled)} doubled"
        for count in evidence.counts
        if count.lost or count.doubled
    ]
    return wrong + [
        f"{step} of {order} is done and nowhere to be seen"
        for step, held in held_outside(evidence.home).items()
        for (order,) in rows(DONE, step=step)
        if not held.get(order)
    ]


def nothing_without_a_payment(evidence: Evidence) -> Against:
    """No effect shows for an order that is not paid."""
    strangers = [f"{c.sink}: {len(c.unexpected)} unexpected" for c in evidence.counts if c.unexpected]
    return strangers + _each(NOT_PAID_BUT_PROMISED)


def a_flush_costs_time_only(evidence: Evidence) -> Against:
    """After the broker was flushed everything was at rest again within the bound."""
    return [f"{s:.0f} s after a flush" for s in evidence.flush_recoveries if s > LONGEST_REST_SECONDS]


def messages_hold_ids_only(evidence: Evidence) -> Against:
    """No message in the broker held an address, a name or a telephone number, as often as we looked."""
    if not evidence.seen_messages:
        return ["no message was looked at"]
    return list(evidence.seen_private)


def paid_stays_paid(_evidence: Evidence) -> Against:
    """No order that was paid ever became anything else but refunded."""
    return _each(TURNED_BACK)


def rest_comes_in_time(evidence: Evidence) -> Against:
    """After the last fault was mended everything came to rest within the bound."""
    return [] if evidence.rest_seconds is not None else [f"not at rest after {LONGEST_REST_SECONDS:.0f} s"]


INVARIANTS: dict[str, Judge] = {
    "I1": accepted_is_one_paid_order,
    "I2": paid_has_its_six_steps,
    "I3": everything_rests_where_it_is_seen,
    "I4": done_shows_exactly_once,
    "I5": nothing_without_a_payment,
    **INVARIANTS_OF_MONEY,  # I6 to I9
    **INVARIANTS_OF_ATTEMPTS,  # I10 and I11
    "I12": a_flush_costs_time_only,
    "I13": messages_hold_ids_only,
    "I14": paid_stays_paid,
    "I15": rest_comes_in_time,
}


def _each(statement: str, **values: Any) -> Against:
    return [" ".join(map(str, row)) for row in rows(statement, **values)]
