"""
Money goes back, with real processes: what was done is undone once, what had not begun does not begin.
"""

import pytest
from django.db.models import Sum

from analytics.models import RefundFact, SaleFact
from devtools.stripe_sender import events
from devtools.till import Mode
from loyalty.models import LoyaltyEntry
from orders.models import Order, OrderStatus
from pipeline.models import AT_REST, State, StepRun
from pipeline.steps import Subject, menu
from tests.acceptance.house import House, assert_sums_are_those_of_their_parts, sale

pytestmark = pytest.mark.acceptance

PART = 1000


def tell(house: House, *told: dict[str, object]) -> None:
    with house.sender() as sender:
        for event in told:
            assert sender.send(event).status == 200


def come_to_rest(house: House, orders: list[Order]) -> None:
    ids = [order.pk for order in orders]
    runs = StepRun.objects.filter(order_id__in=ids)
    house.wait_for(
        lambda: not runs.exclude(state__in=AT_REST).exists(),
        lambda: str(list(runs.exclude(state__in=AT_REST).values_list("step", "state", "because"))),
    )


def left_of(order: Order) -> int:
    """
    What the sales figures say that this order brought, in minor units.
    """
    back = RefundFact.objects.filter(refund__order=order).aggregate(sum=Sum("amount_minor"))["sum"] or 0
    return SaleFact.objects.get(order=order).total_minor + back


def at_till(house: House, order: Order) -> list[bool]:
    """
    For each ticket of the order, whether it is cancelled.
    """
    return [ticket.canceled for ticket in house.till.orders() if ticket.reference_id == str(order.public_id)]


class TestRefund:
    def test_of_everything_undoes_what_was_done(self, house: House):
        orders = house.orders(6)
        house.pay(orders)
        house.wait_until_at_rest(orders)

        tell(house, *(events.refund_created(sale(order)) for order in orders))
        come_to_rest(house, orders)

        for order in orders:
            assert at_till(house, order) == [True]
            assert left_of(order) == 0
            entries = LoyaltyEntry.objects.filter(order=order)
            assert entries.aggregate(sum=Sum("points"))["sum"] == 0
            assert house.letters(order, f"refund-{order.refunds.get().stripe_id}") == 1
        assert set(Order.objects.values_list("status", flat=True)) == {OrderStatus.REFUNDED}
        assert_sums_are_those_of_their_parts()

    def test_of_a_part_twenty_times_at_once_is_one(self, house: House):
        [order] = house.orders(1)
        house.pay([order])

        tell(house, *[events.refund_created(sale(order), amount=PART)] * 20)
        come_to_rest(house, [order])

        assert left_of(order) == order.total_minor - PART
        assert at_till(house, order) == [False]
        undone = StepRun.objects.filter(step__in=[step.name for step in menu.about(Subject.REFUND)])
        assert set(undone.values_list("state", flat=True)) == {State.DONE}

    def test_while_the_till_hangs_leaves_nothing_to_cook(self, house: House):
        [order] = house.orders(1)
        house.till.break_down(Mode.HANG, effect=True)
        house.pay([order])
        house.wait_for(
            lambda: StepRun.objects.filter(lane="pos_sync", sending_at__isnull=False).exists(),
            lambda: "nothing was sent to the till",
        )

        tell(house, events.refund_created(sale(order)))
        house.till.mend()
        come_to_rest(house, [order])

        assert set(at_till(house, order)) <= {True}
        assert left_of(order) == 0

    def test_that_was_told_before_the_payment_lets_nothing_begin(self, house: House):
        [order] = house.orders(1)

        tell(house, events.refund_created(sale(order)), events.payment_intent_succeeded(sale(order)))
        come_to_rest(house, [order])

        assert at_till(house, order) == []
        assert house.letters(order, "staff") == 0
        assert house.letters(order, "confirmation") == 1
        assert left_of(order) == 0

    def test_that_failed_gives_everything_back(self, house: House):
        [order] = house.orders(1)
        house.pay([order])
        house.wait_until_at_rest([order])
        before = LoyaltyEntry.objects.aggregate(sum=Sum("points"))
        tell(house, events.refund_created(sale(order), amount=PART))
        come_to_rest(house, [order])

        tell(house, events.refund_failed(sale(order), amount=PART))
        come_to_rest(house, [order])

        order.refresh_from_db()
        assert order.status == OrderStatus.PAID
        assert left_of(order) == order.total_minor
        assert LoyaltyEntry.objects.aggregate(sum=Sum("points")) == before
        assert_sums_are_those_of_their_parts()
