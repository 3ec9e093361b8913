"""
Every sink of the product, compared with what was accepted.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from payments import tasks
from pipeline.statements import rows
from tests.chaos.check import ledgers
from tests.chaos.check.queue import Count, compare
from tests.chaos.guests import Guest
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

    def refused_by(self, sink: str) -> set[str]:
        return {guest.reference for guest in self.guests if guest.refused_by == sink}


def count_sinks(home: Path, accepted: Accepted) -> list[Count]:
    """
    All sinks, in the order in which the menu has them.
    """
    unknown = ledgers.unknown_outcomes()

    def against(sink: str, held: Counter[str], *, refused: Collection[str] = (), step: str = "") -> Count:
        return compare(
            sink=sink, held=held, accepted=accepted.orders, unsure=accepted.unsure, refused=refused,
            unknown=unknown.get(step),
        )  # fmt: skip

    no_till, no_mail = accepted.refused_by("till"), accepted.refused_by("mailbox")
    return [
        against("payments booked", ledgers.counted(ledgers.PAYMENTS)),
        against(
            "receipts in the mailbox", letters(home, pattern=RECEIPT), refused=no_mail, step=RECEIPT_STEP
        ),
        against("staff notices in the mailbox", letters(home, pattern=NOTICE), step=NOTICE_STEP),
        against("orders at the till", tickets(home), refused=no_till),
        against("payments at the till", till_payments(home), refused=no_till),
        against("sales counted", ledgers.counted(ledgers.SALES)),
        against("orders with points", ledgers.counted(ledgers.POINTS)),
        against("orders out of stock", ledgers.counted(ledgers.STOCK)),
    ]


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
