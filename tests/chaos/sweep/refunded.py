"""
What is left of orders whose money went back as a whole: everything undone, once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db.models import Sum

from analytics.models import RefundFact, SaleFact
from loyalty.models import LoyaltyEntry
from orders.models import Order, OrderStatus, Refund
from pipeline.models import State, StepRun
from tests.acceptance.house import House, assert_sums_are_those_of_their_parts


def assert_all_is_undone_once(house: House, orders: Sequence[Order], *, letters_twice_at_most: int) -> None:
    """
    Books at nothing, the till cancelled, one letter to the guest and one to the kitchen; a letter whose outcome was unknown
    may have come twice.
    """
    ids = [order.pk for order in orders]
    assert set(StepRun.objects.filter(order_id__in=ids).values_list("state", flat=True)) == {State.DONE}
    assert set(Order.objects.filter(pk__in=ids).values_list("status", flat=True)) == {OrderStatus.REFUNDED}
    refunds = Refund.objects.filter(order__in=ids).select_related("order")
    assert (refunds.count(), RefundFact.objects.filter(refund__in=refunds).count()) == (len(ids), len(ids))
    sold = SaleFact.objects.filter(order__in=ids).aggregate(sum=Sum("total_minor"))["sum"]
    back = RefundFact.objects.filter(refund__in=refunds).aggregate(sum=Sum("amount_minor"))["sum"]
    assert sold + back == 0
    assert LoyaltyEntry.objects.filter(order__in=ids).aggregate(sum=Sum("points"))["sum"] == 0
    assert LoyaltyEntry.objects.filter(refund__in=refunds).count() == len(ids)
    assert_sums_are_those_of_their_parts()
    _assert_till(house, orders)
    _assert_letters(house, refunds, letters_twice_at_most)


def _assert_till(house: House, orders: Sequence[Order]) -> None:
    keys = {str(order.public_id) for order in orders}
    tickets = [ticket for ticket in house.till.orders() if ticket.reference_id in keys]
    assert sorted(ticket.reference_id or "" for ticket in tickets) == sorted(keys)
    assert all(ticket.canceled for ticket in tickets)


def _assert_letters(house: House, refunds: Iterable[Refund], twice_at_most: int) -> None:
    came = Counter(letter.message_id for letter in house.mailbox.messages())
    for kind in ("refund", "cancelled"):
        wanted = [f"<order-{r.order.public_id}.{kind}-{r.stripe_id}@localhost.localdomain>" for r in refunds]
        found = [came[message_id] for message_id in wanted]
        assert all(found), f"{found.count(0)} {kind} letters are lost"
        assert sum(found) - len(wanted) <= twice_at_most, f"{kind} letters came twice"
