"""
Every sink of the product, compared with what was accepted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from payments import tasks
from pipeline.statements import rows
from tests.chaos.check import ledgers
from tests.chaos.check.queue import Count, compare
from tests.chaos.check.refund_sinks import RefundsShown, count_refunds
from tests.chaos.guests import Guest
from tests.chaos.refunds import Told
from tests.chaos.sinks import letters, tickets, till_payments

RECEIPT = r"<order-(.+)\.confirmation@"
NOTICE = r"<order-(.+)\.staff@"
RECEIPT_STEP = tasks.send_order_confirmation_email_task.name
NOTICE_STEP = tasks.send_staff_notification_task.name
TILL_STEP = tasks.sync_order_to_pos_task.name
REFUSED_STEPS = {"till": TILL_STEP, "mailbox": RECEIPT_STEP}


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """
    The truth of one run: which orders were accepted, of which nobody can say, and who is refused for good.
    """

    orders: frozenset[str]
    unsure: frozenset[str]
    guests: Sequence[Guest]
    refunds: Mapping[str, Told]  # by Stripe's id
    maybe_cooked: frozenset[
        str
    ]  # wholly refunded, for a while at least: nobody can say how far they came before

    def refused_by(self, sink: str) -> set[str]:
        return {guest.reference for guest in self.guests if sink and guest.refused_by == sink}


def count_sinks(home: Path, accepted: Accepted) -> list[Count]:
    """
    All sinks, in the order in which the menu has them.
    """
    unknown = ledgers.unknown_outcomes()

    def against(sink: str, held: Counter[str], *, by: str = "", step: str = "") -> Count:
        return compare(
            sink=sink, held=held, accepted=accepted.orders, unsure=accepted.unsure,
            refused=accepted.refused_by(by), unknown=unknown.get(step),
        )  # fmt: skip

    def cooked(sink: str, held: Counter[str], *, by: str = "", step: str = "") -> Count:
        return compare(
            sink=sink, held=held, accepted=accepted.orders - accepted.maybe_cooked,
            unsure=accepted.unsure | accepted.maybe_cooked,
            refused=accepted.refused_by(by), unknown=unknown.get(step),
        )  # fmt: skip

    return [
        against("payments booked", ledgers.counted(ledgers.PAYMENTS)),
        against("receipts in the mailbox", letters(home, pattern=RECEIPT), by="mailbox", step=RECEIPT_STEP),
        cooked("staff notices in the mailbox", letters(home, pattern=NOTICE), step=NOTICE_STEP),
        cooked("orders at the till", tickets(home), by="till"),
        cooked("payments at the till", till_payments(home), by="till"),
        against("sales counted", ledgers.counted(ledgers.SALES)),
        cooked("orders with points", ledgers.counted(ledgers.POINTS)),
        cooked("orders out of stock", ledgers.counted(ledgers.STOCK)),
        *count_refunds(
            accepted.refunds, ever_whole=accepted.maybe_cooked, shown=RefundsShown.at(home), unknown=unknown
        ),
    ]


def held_outside(home: Path) -> dict[str, Counter[str]]:
    """
    By step: how often the outside holds each order.
    """
    return {
        RECEIPT_STEP: letters(home, pattern=RECEIPT),
        NOTICE_STEP: letters(home, pattern=NOTICE),
        TILL_STEP: tickets(home),
    }


def buried(accepted: Accepted) -> tuple[list[str], list[str], int]:
    """
    What is buried and was not injected, what was injected and is not buried (both in words), and how many are right.
    """
    found = {(step, order): f"{step} of {order}: {why}" for step, order, why, _n in rows(ledgers.BURIED)}
    injected = {
        (REFUSED_STEPS[guest.refused_by], guest.reference)
        for guest in accepted.guests
        if guest.refused_by and guest.reference in accepted.orders
    }
    too_many = [words for key, words in found.items() if key not in injected]
    missing = [f"{step} of {order}" for step, order in injected - found.keys()]
    return sorted(too_many), sorted(missing), len(injected & found.keys())
