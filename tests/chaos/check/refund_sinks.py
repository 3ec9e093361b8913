"""
What a refund does, in every sink that shows it, compared with what Stripe told of refunds.

Whether something has to be undone depends on how far the order had come, so that is read from the outside as well: who was
told to cook must be told not to, and a guest to whom a refund was announced must hear that it failed.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from payments import refund_tasks
from tests.chaos.check import ledgers
from tests.chaos.check.queue import Count, compare
from tests.chaos.refunds import Told
from tests.chaos.sinks import canceled_tickets, closed_tickets, letters, tickets

STAFF = r"<order-(.+)\.staff@"
ANNOUNCED, FAILED = r"<order-.+\.refund-(re_.+)@", r"<order-.+\.refund-failed-(re_.+)@"
CANCELLED = r"<order-.+\.cancelled-(re_.+)@"


@dataclass(frozen=True, kw_only=True)
class RefundsShown:
    """
    What the outside and our ledgers hold about refunds: letters and facts by Stripe's id, the rest by the order's reference.
    """

    booked: Counter[str]
    counted: Counter[str]
    announced: Counter[str]
    failures: Counter[str]
    cancellations: Counter[str]  # letters to the staff, by Stripe's id
    to_cook: Counter[str]
    tickets: Counter[str]
    closed: Counter[str]
    canceled: Counter[str]
    points_kept: Counter[str]

    @classmethod
    def at(cls, home: Path) -> "RefundsShown":
        """
        Read it all, now.
        """
        return cls(
            booked=ledgers.counted(ledgers.REFUNDS),
            counted=ledgers.counted(ledgers.REFUND_FACTS),
            announced=letters(home, pattern=ANNOUNCED),
            failures=letters(home, pattern=FAILED),
            cancellations=letters(home, pattern=CANCELLED),
            to_cook=letters(home, pattern=STAFF),
            tickets=tickets(home),
            closed=closed_tickets(home),
            canceled=canceled_tickets(home),
            points_kept=ledgers.counted(ledgers.POINTS_KEPT),
        )


def count_refunds(
    told: Mapping[str, Told],
    *,
    ever_whole: frozenset[str],
    shown: RefundsShown,
    unknown: Mapping[str, Mapping[str, int]],
) -> list[Count]:
    """
    A count for each sink of refunds. `ever_whole` are the orders that were wholly refunded, for a while at least; `unknown`
    has by step how often the outcome of each refund's letter was unknown.
    """
    failed = {refund for refund, one in told.items() if not one.counts}
    stand = told.keys() - failed
    return [
        compare(sink="refunds booked", held=shown.booked, accepted=told.keys()),
        # A refund that failed may have failed before anybody counted or announced it.
        compare(sink="refunds counted", held=shown.counted, accepted=stand, unsure=failed),
        compare(
            sink="refund letters in the mailbox", held=shown.announced, accepted=stand, unsure=failed,
            unknown=unknown.get(refund_tasks.send_refund_notice_task.name),
        ),
        compare(
            sink="letters that a refund failed", held=shown.failures,
            accepted=failed & shown.announced.keys(), unsure=failed - shown.announced.keys(),
            unknown=unknown.get(refund_tasks.send_refund_failed_notice_task.name),
        ),
        *_of_the_kitchen(told, ever_whole=ever_whole, shown=shown, unknown=unknown),
        compare(sink="points kept, for the refund failed", held=_only(shown.points_kept, _kept(told)), accepted=_kept(told)),
    ]  # fmt: skip


def _of_the_kitchen(
    told: Mapping[str, Told],
    *,
    ever_whole: frozenset[str],
    shown: RefundsShown,
    unknown: Mapping[str, Mapping[str, int]],
) -> list[Count]:
    # Of a guest who had nothing refunded in the end, but all of it for a while, the kitchen may have heard both.
    whole = {
        order for order in ever_whole if any(one.reference == order and one.counts for one in told.values())
    }
    cooking, at_till = whole & shown.to_cook.keys(), (whole & shown.tickets.keys()) - shown.closed.keys()
    of = {refund: one.reference for refund, one in told.items()}
    excused = unknown.get(refund_tasks.send_staff_cancellation_task.name, {})
    return [
        compare(
            sink="cancellations in the mailbox", held=_by_order(shown.cancellations, of),
            accepted=cooking, unsure=ever_whole - cooking, unknown=_by_order(excused, of),
        ),
        compare(
            sink="orders canceled at the till", held=shown.canceled,
            accepted=at_till, unsure=(ever_whole & shown.tickets.keys()) - at_till,
        ),
    ]  # fmt: skip


def _by_order(refunds: Mapping[str, int], of: Mapping[str, str]) -> Counter[str]:
    orders = Counter[str]()
    for refund, count in refunds.items():
        orders[of.get(refund, refund)] += count  # a refund that nobody told stays a stranger
    return orders


def _kept(told: Mapping[str, Told]) -> set[str]:
    """
    The orders of which every refund failed.
    """
    return {one.reference for one in told.values()} - {one.reference for one in told.values() if one.counts}


def _only(held: Counter[str], orders: set[str]) -> Counter[str]:
    return Counter({order: count for order, count in held.items() if order in orders})
