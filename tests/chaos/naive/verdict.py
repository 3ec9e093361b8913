"""
The soak of the control: the same kinds of guests and faults, and what it lost and doubled.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import redis
from celery import Celery
from kombu.exceptions import KombuError

from tests.chaos import soak
from tests.chaos.check.queue import Count, compare
from tests.chaos.house import House
from tests.chaos.naive.pending import Pending, in_the_broker, with_the_workers
from tests.chaos.naive.system import OPENING_PORTIONS, Naive, connect
from tests.chaos.sinks import letters, tickets
from tests.chaos.soak import Soak, Telling
from tests.chaos.storm.catalogue import FAULTS
from tests.chaos.storm.fault import Fault
from tests.chaos.storm.servers import waiting_in
from tests.chaos.terms import Terms, home

ASKED_EVERY_SECONDS = 2.0
ANSWERS_WITHIN_SECONDS = 1.0
SINKS = {
    "send_order_confirmation_email_task": "receipts in the mailbox",
    "send_staff_notification_task": "staff notices in the mailbox",
    "sync_order_to_pos_task": "orders at the till",
    "record_payment_analytics_task": "sales counted",
    "process_loyalty_rewards_task": "orders with points",
    "update_inventory_levels_task": "orders out of stock",
}
CONFIRMED, TO_COOK = r"^Order (.+) confirmed$", r"^Order (.+) to cook$"


@dataclass(frozen=True, kw_only=True)
class NaiveVerdict:
    """
    What became of the control: by sink, and by how many orders its sums are short (negative) or over. What was not done
    when it was counted, but is still in the broker or with a worker, is `late` (by sink) and not counted as lost.
    """

    soak: Soak
    counts: list[Count]
    sums: dict[str, int]
    late: dict[str, int]

    @property
    def accepted(self) -> int:
        return len(self.soak.calls.accepted_at())

    @property
    def not_yet(self) -> int:
        return sum(self.late.values())

    @property
    def lost(self) -> int:
        return sum(len(c.lost) for c in self.counts) + sum(-min(0, off) for off in self.sums.values())

    @property
    def doubled(self) -> int:
        return sum(len(c.doubled) for c in self.counts) + sum(max(0, off) for off in self.sums.values())


@dataclass
class NaivePatience:
    """
    Asks the broker and the workers what there is still to do: the control has no table that knows.
    """

    house: House
    _asked_at: float = 0.0
    _open: int | None = None
    _asking: Celery = field(init=False)

    def __post_init__(self) -> None:
        self._asking = Celery("asking", broker=self.house.addresses.broker_url, set_as_current=False)

    def still_open(self) -> int | None:
        """
        Messages that wait, and tasks that workers hold or will try again; None while nobody can be asked.
        """
        if time.monotonic() > self._asked_at + ASKED_EVERY_SECONDS and self.house.steward.all_run():
            self._open = self._ask()
            self._asked_at = time.monotonic()
        return self._open

    def pending(self) -> Pending:
        """
        The tasks that are not gone, whether they wait, are held by a worker or lie unacknowledged; raises when nobody answers.
        """
        held = with_the_workers(self._held())
        with self.house.broker() as broker:
            return held | in_the_broker(broker)

    def _held(self) -> list[Mapping[str, Any]]:
        asked = self._asking.control.inspect(timeout=ANSWERS_WITHIN_SECONDS)
        return [asked.scheduled() or {}, asked.active() or {}, asked.reserved() or {}]

    def _ask(self) -> int | None:
        try:
            with self.house.broker() as broker:
                waiting = waiting_in(broker)
            held = self._held()
        except (redis.RedisError, KombuError, OSError):
            return None
        return waiting + sum(len(tasks) for answer in held for tasks in answer.values())


def soak_naive(terms: Terms, telling: Telling, *, faults: Sequence[Fault] = FAULTS) -> NaiveVerdict:
    """
    Build a house for the control, carry out the soak with those of the faults that apply, count; leaves nothing running.
    """
    naive = Naive()
    faults = [fault for fault in faults if not fault.ours_only]
    with House(system=naive, terms=terms, home=home("chaos-naive")) as house:
        under_way = soak.prepare(house, naive.guests, faults)
        patience = NaivePatience(house=house)
        soak.carry_out(under_way, patient=patience, telling=telling)
        # Looked at first: what is done between the two looks is done, and not late.
        return _count(under_way, patience.pending())


def _count(done: Soak, pending: Pending) -> NaiveVerdict:
    accepted = done.calls.accepted_at().keys()
    unsure = done.script.payers - accepted
    where = done.house.home

    def against(sink: str, held: Counter[str]) -> Count:
        return compare(sink=sink, held=held, accepted=accepted, unsure=unsure)

    with connect(done.house.addresses) as database:
        visits = _visits(database)
        sums = _sums(database)
        late = _by_sink(pending, database)
    confirmed = letters(where, pattern=CONFIRMED, column="subject")
    to_cook = letters(where, pattern=TO_COOK, column="subject")
    counts = [
        against("receipts in the mailbox", confirmed),
        against("staff notices in the mailbox", to_cook),
        against("orders at the till", tickets(where)),
        against("orders with points", visits),
    ]
    return set_apart(done, counts=counts, sums=sums, late=late)


def set_apart(
    done: Soak, *, counts: Sequence[Count], sums: Mapping[str, int], late: Mapping[str, set[str]]
) -> NaiveVerdict:
    """
    Take out of what is missing what may still come: `late` has, by sink, the orders whose task is not gone.
    """
    nobody = set[str]()
    gone = [
        replace(count, lost=tuple(order for order in count.lost if order not in late.get(count.sink, nobody)))
        for count in counts
    ]
    # Of a sum nobody knows whose share is missing: at most so many of the orders that may still come.
    still = {what: min(max(0, -off), len(late.get(what, nobody))) for what, off in sums.items()}
    still |= {was.sink: len(was.lost) - len(now.lost) for was, now in zip(counts, gone, strict=True)}
    return NaiveVerdict(
        soak=done,
        counts=gone,
        sums={what: off + still[what] for what, off in sums.items()},
        late=still,
    )


def _by_sink(pending: Pending, database: psycopg.Connection) -> dict[str, set[str]]:
    orders = dict(database.execute("SELECT id, public_id::text FROM naive_order").fetchall())
    found: dict[str, set[str]] = {}
    for task, order in pending:
        if task in SINKS and order in orders:
            found.setdefault(SINKS[task], set()).add(orders[order])
    return found


def _visits(database: psycopg.Connection) -> Counter[str]:
    found = database.execute("SELECT split_part(email, '@', 1), visits FROM naive_loyaltyaccount")
    return Counter(dict(found.fetchall()))


def _sums(database: psycopg.Connection) -> dict[str, int]:
    # Against the orders it calls paid: it lets in what is signed for the future, and that shall not look like doubling.
    # What one order lost and another doubled does not show in a sum.
    asked = "SELECT (SELECT count(*) FROM naive_order WHERE status = 'paid'), orders, portions_left FROM naive_sales, naive_ingredient"
    paid, sold, left = database.execute(asked).fetchone() or (0, 0, 0)
    return {"sales counted": sold - paid, "orders out of stock": OPENING_PORTIONS - left - paid}
