"""
What is wrong in the house: effects that are lost, that came twice, rows buried or left behind. By comparison, in SQL and
in the books of the mailbox and the till; the pipeline is not asked for its opinion.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from analytics.models import SaleFact
from inventory.models import StockMovement
from loyalty.models import LoyaltyEntry
from orders.models import Order, OrderLine, OrderStatus
from pipeline.models import AT_REST, StepEvent, StepRun
from pipeline.steps import Subject, menu, short_name
from tests.acceptance.house import House, assert_sums_are_those_of_their_parts, message_id

MOVEMENTS_OF_A_LINE = 2


def findings(house: House, orders: Sequence[Order], *, may_be_buried: bool = False) -> list[str]:
    """
    Everything that breaks a promise, in words; nothing for a house in order.
    """
    ids = [order.pk for order in orders]
    found = [
        *_unpaid(ids),
        *_rows(ids, may_be_buried=may_be_buried),
        *_effects(house, orders),
        *tried_too_often(ids),
    ]
    try:
        assert_sums_are_those_of_their_parts()
    except AssertionError:
        found.append("a sum is not that of its parts")
    return found


def doubled(house: House, orders: Sequence[Order]) -> list[str]:
    """
    Only what came more than once: that never mends itself.
    """
    return [words for words in _effects(house, orders) if "twice" in words]


def tried_too_often(ids: Sequence[int]) -> list[str]:
    """
    Rows whose workers died more often than their policy has attempts.
    """
    died = Counter(
        StepEvent.objects.filter(order_id__in=ids, what=StepEvent.What.LEASE_LOST).values_list(
            "step_run__step", flat=True
        )
    )
    most = {step.name: step.retry.attempts for step in menu}
    return [
        f"{short_name(step)} was tried {count} times, {most.get(step, 3)} are allowed"
        for step, count in died.items()
        if count > most.get(step, 3) * len(ids)
    ]


def _unpaid(ids: Sequence[int]) -> Iterator[str]:
    unpaid = Order.objects.filter(pk__in=ids).exclude(status=OrderStatus.PAID).count()
    if unpaid:
        yield f"{unpaid} orders lost: Stripe was told 200, and they are not paid"


def _rows(ids: Sequence[int], *, may_be_buried: bool) -> Iterator[str]:
    """
    Six promises to each order, each of them kept; some may lie buried where the scenario is about that.
    """
    of_orders = StepRun.objects.filter(order_id__in=ids, step__in=[s.name for s in menu.about(Subject.ORDER)])
    if (promised := of_orders.count()) != (wanted := len(ids) * len(menu.about(Subject.ORDER))):
        yield f"{promised} promises where there should be {wanted}"
    for state, count in sorted(Counter(of_orders.values_list("state", flat=True)).items()):
        if state not in AT_REST:
            yield f"{count} steps still {state}"
        if state == "buried" and not may_be_buried:
            yield f"{count} steps buried"


def _effects(house: House, orders: Sequence[Order]) -> Iterator[str]:
    ids = [order.pk for order in orders]
    for what, wanted, came in (
        ("sales", len(ids), SaleFact.objects.filter(order__in=ids).count()),
        ("points", len(ids), LoyaltyEntry.objects.filter(order__in=ids).count()),
        (
            "movements of stock",
            OrderLine.objects.filter(order__in=ids).count() * MOVEMENTS_OF_A_LINE,
            StockMovement.objects.filter(order_line__order__in=ids).count(),
        ),
        *_letters(house, orders),
        ("orders at the till", len(ids), _at_the_till(house, orders)),
    ):
        if came < wanted:
            yield f"{wanted - came} {what} lost"
        if came > wanted:
            yield f"{came - wanted} {what} came twice"


def _letters(house: House, orders: Sequence[Order]) -> list[tuple[str, int, int]]:
    came = Counter(letter.message_id for letter in house.mailbox.messages())
    return [
        (f"{kind} letters", len(orders), sum(came[message_id(order.public_id, kind)] for order in orders))
        for kind in ("confirmation", "staff")
    ]


def _at_the_till(house: House, orders: Sequence[Order]) -> int:
    ours = {str(order.public_id) for order in orders}
    return sum(1 for ticket in house.till.orders() if ticket.reference_id in ours)
