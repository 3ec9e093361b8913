"""
The soak of the product, and what the checker says of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import Error, connection

from tests.chaos import soak
from tests.chaos.check import ledgers
from tests.chaos.check.evidence import Evidence
from tests.chaos.check.invariants import Judgement, judge_all
from tests.chaos.check.queue import Count
from tests.chaos.check.recovery import Times, answers, by_fault
from tests.chaos.check.sinks import Accepted, buried, count_sinks
from tests.chaos.check.unknown import unexplained
from tests.chaos.house import House
from tests.chaos.product import Product
from tests.chaos.refunds import ever_wholly_refunded, told_refunds
from tests.chaos.soak import Soak, Telling
from tests.chaos.storm.catalogue import FAULTS
from tests.chaos.terms import Terms, home

FLUSH = "broker: FLUSHALL"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """
    What became of one soak of the product.
    """

    soak: Soak
    counts: list[Count]
    judgements: list[Judgement]
    buried: int  # of those that were refused on purpose
    buried_wrongly: list[str]
    not_buried: list[str]
    unexplained: list[str]  # unknown outcomes of letters that no fault explains
    recoveries: Mapping[str, list[float]]
    answers: tuple[Times, Times, int]  # calm, under faults, how many were not accepted at first

    @property
    def accepted(self) -> int:
        return len(self.soak.calls.accepted_at())

    @property
    def ok(self) -> bool:
        broken = any(one.trouble for one in self.soak.storm.struck)
        wrong = broken or self.buried_wrongly or self.not_buried or self.unexplained or self.soak.calls.let_in
        wrong = wrong or self.soak.unfinished()
        return not wrong and all(c.ok for c in self.counts) and all(j.ok for j in self.judgements)


class Patience:
    """
    Asks our own tables how much is open, by the straight way.
    """

    def still_open(self) -> int | None:
        """
        The number of open step runs and unmatched events; None while the database is away.
        """
        try:
            return ledgers.still_open()
        except Error:
            connection.close()
            return None


def soak_product(terms: Terms, telling: Telling) -> Verdict:
    """
    Build the house, carry out the soak, check; leaves nothing running.
    """
    product = Product()
    with House(system=product, terms=terms, home=home("chaos")) as house:
        ledgers.watch_the_orders()
        under_way = soak.prepare(house, product.guests, FAULTS)
        try:
            soak.carry_out(under_way, patient=Patience(), telling=telling)
            return _verdict(under_way)
        finally:
            connection.close()


def _verdict(done: Soak) -> Verdict:
    connection.close()  # one from before the last storm may be broken
    accepted_at = done.calls.accepted_at()
    accepted = Accepted(
        orders=frozenset(accepted_at),
        unsure=done.script.payers - accepted_at.keys(),
        guests=done.script.guests,
        refunds=told_refunds(done.script, accepted=done.calls.accepted_events()),
        maybe_cooked=frozenset(ever_wholly_refunded(done.script)),
    )
    counts = count_sinks(done.house.home, accepted)
    recoveries = by_fault(done.storm.struck, accepted_at=accepted_at, at_rest_since=ledgers.at_rest_since())
    evidence = Evidence(
        home=done.house.home,
        accepted=accepted,
        counts=counts,
        rest_seconds=done.rest_seconds,
        seen_messages=done.spy.looked_at,
        seen_private=done.spy.private,
        flush_recoveries=recoveries.get(FLUSH, []),
    )
    too_many, missing, right = buried(accepted)
    return Verdict(
        soak=done,
        counts=counts,
        judgements=judge_all(evidence),
        buried=right,
        buried_wrongly=too_many,
        not_buried=missing,
        unexplained=unexplained(done.storm.struck),
        recoveries=recoveries,
        answers=answers(done.calls.heard, done.storm.struck),
    )
