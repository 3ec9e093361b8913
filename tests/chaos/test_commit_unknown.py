"""
The link to PostgreSQL is cut while it commits: whoever waits for the answer cannot know whether it did.
"""

from collections.abc import Iterator

import pytest

from devtools.stripe_sender import events
from devtools.stripe_sender.api_version import CURRENT, WITH_CHARGES
from orders.models import Order, OrderStatus, Payment
from payments.models import StripeEvent
from pipeline.models import StepRun
from tests.acceptance.house import House, sale
from tests.chaos.proxy import CutOnMatch, FaultProxy, Way

pytestmark = pytest.mark.acceptance

SIX = 6
# PostgreSQL's own words (protocol 3): a CommandComplete for a transaction, and a simple Query that asks for it.
COMMITTED = rb"C\x00\x00\x00\x0bCOMMIT\x00"
COMMIT = rb"Q\x00\x00\x00\x0bCOMMIT\x00"
# The one statement that pays an order: asked for, and answered.
PAYMENT = rb"WITH fitting AS"
PAID = rb"\x00\x01order_id\x00.{18}D\x00\x00\x00.{3,20}?C\x00\x00\x00\x0dSELECT 1\x00"
# The answer to the one statement that makes steps outside done: two columns, one row with the number of an order, and
# "SELECT 1". Each such statement is a transaction of its own, so there is no COMMIT to be seen.
FINISHED = (
    rb"\x00\x02ours\x00.{18}more_is_due\x00.{18}D\x00\x00\x00.{7}\{\d.{3,60}?C\x00\x00\x00\x0dSELECT 1\x00"
)


@pytest.fixture
def proxy(empty_house: House) -> Iterator[FaultProxy]:
    """
    The way to the house's PostgreSQL.
    """
    at = empty_house.addresses
    with FaultProxy(upstream=f"{at.postgres_host}/.s.PGSQL.{at.postgres_port}") as proxy:
        yield proxy


class TestPaymentOfOneStatement:
    @pytest.mark.parametrize(
        ("pattern", "way"),
        [(PAID, Way.TO_CLIENT), (PAYMENT, Way.TO_SERVER)],
        ids=["answer lost", "never asked"],
    )
    def test_is_asked_for_again_over_a_new_line_and_pays_once(
        self, empty_house: House, proxy: FaultProxy, pattern: bytes, way: Way
    ):
        [order] = empty_house.orders(1)
        empty_house.start_web("web behind the proxy", ISOLATED_DATABASE_URL=database_url(empty_house, proxy))
        proxy.break_down(CutOnMatch(pattern=pattern), way)

        first = deliver(empty_house, order, api_version=CURRENT)
        committed = promised_for(order)
        again = deliver(empty_house, order, api_version=CURRENT)

        assert proxy.counters.cuts == 1
        assert (first, again) == (200, 200)
        assert committed == SIX
        assert_paid_once(order)


class TestDeliveryWhoseCommit:
    """
    The longer way: an event that also names the card, from an endpoint with an old API version.
    """

    def test_was_not_confirmed_is_repeated_and_pays_once(self, empty_house: House, proxy: FaultProxy):
        [order] = empty_house.orders(1)
        empty_house.start_web("web behind the proxy", ISOLATED_DATABASE_URL=database_url(empty_house, proxy))
        proxy.break_down(CutOnMatch(pattern=COMMITTED), Way.TO_CLIENT)

        first = deliver(empty_house, order)
        committed = promised_for(order)
        again = deliver(empty_house, order)

        assert proxy.counters.cuts == 1
        assert (first, again) == (500, 200)
        assert committed == SIX  # the answer was 500, and yet it had been kept
        assert_paid_once(order)
        empty_house.start_worker()
        empty_house.wait_until_at_rest([order])
        empty_house.assert_each_step_happened_once([order])

    def test_never_reached_the_server_leaves_nothing_and_is_repeated(
        self, empty_house: House, proxy: FaultProxy
    ):
        [order] = empty_house.orders(1)
        empty_house.start_web("web behind the proxy", ISOLATED_DATABASE_URL=database_url(empty_house, proxy))
        proxy.break_down(CutOnMatch(pattern=COMMIT), Way.TO_SERVER)

        first = deliver(empty_house, order)
        committed = promised_for(order)
        again = deliver(empty_house, order)

        assert proxy.counters.cuts == 1
        assert (first, again) == (500, 200)
        assert committed == 0
        assert_paid_once(order)


class TestStepWhoseCommit:
    @pytest.mark.parametrize("lane", ["analytics", "loyalty", "inventory"])
    def test_was_not_confirmed_has_its_effect_once(self, empty_house: House, proxy: FaultProxy, lane: str):
        orders = empty_house.orders(1)
        start_worker_of(lane, empty_house, proxy)
        proxy.break_down(CutOnMatch(pattern=COMMITTED), Way.TO_CLIENT)

        empty_house.pay(orders)
        empty_house.start_worker("others", "--concurrency=2", f"--exclude-queues={lane}")
        proxy.wait_for_cut()
        empty_house.wait_until_at_rest(orders)

        empty_house.assert_each_step_happened_once(orders)
        assert proxy.counters.matches == 1  # so the commit that was not confirmed is the one with the effect
        assert_tried_once(lane)

    def test_was_not_confirmed_for_several_orders_at_once_has_its_effect_once(
        self, empty_house: House, proxy: FaultProxy
    ):
        orders = empty_house.orders(5)
        empty_house.pay(orders)
        start_worker_of("loyalty", empty_house, proxy)
        proxy.break_down(CutOnMatch(pattern=COMMITTED), Way.TO_CLIENT)

        empty_house.start_worker("others", "--concurrency=2", "--exclude-queues=loyalty")
        proxy.wait_for_cut()
        empty_house.wait_until_at_rest(orders)

        empty_house.assert_each_step_happened_once(orders)

    def test_never_reached_the_server_has_its_effect_once(self, empty_house: House, proxy: FaultProxy):
        orders = empty_house.orders(1)
        start_worker_of("loyalty", empty_house, proxy)
        proxy.break_down(CutOnMatch(pattern=COMMIT), Way.TO_SERVER)

        empty_house.pay(orders)
        empty_house.start_worker("others", "--concurrency=2", "--exclude-queues=loyalty")
        proxy.wait_for_cut()
        empty_house.wait_until_at_rest(orders)

        empty_house.assert_each_step_happened_once(orders)
        assert proxy.counters.matches == 2
        assert StepRun.objects.get(lane="loyalty").attempts == 2


class TestStepOutsideWhoseEnd:
    @pytest.mark.parametrize("lane", ["emails", "pos_sync"])
    def test_was_not_confirmed_is_not_done_again(self, empty_house: House, proxy: FaultProxy, lane: str):
        orders = empty_house.orders(1)
        start_worker_of(lane, empty_house, proxy)
        proxy.break_down(CutOnMatch(pattern=FINISHED), Way.TO_CLIENT)

        empty_house.pay(orders)
        empty_house.start_worker("others", "--concurrency=2", f"--exclude-queues={lane}")
        proxy.wait_for_cut()
        empty_house.wait_until_at_rest(orders)

        empty_house.assert_each_step_happened_once(orders)
        assert (
            proxy.counters.matches == StepRun.objects.filter(lane=lane).count()
        )  # each ended once, the cut one too
        assert_tried_once(lane)


def assert_tried_once(lane: str) -> None:
    assert set(StepRun.objects.filter(lane=lane).values_list("attempts", flat=True)) == {1}


def start_worker_of(lane: str, house: House, proxy: FaultProxy) -> None:
    """
    A worker of this lane alone behind the proxy: nothing but its steps is committed there.
    """
    told = {"ISOLATED_DATABASE_URL": database_url(house, proxy)}
    house.start_worker(lane, "--concurrency=1", f"--queues={lane}", **told)


def deliver(house: House, order: Order, *, api_version: str = WITH_CHARGES) -> int | None:
    with house.sender() as sender:
        return sender.send(events.payment_intent_succeeded(sale(order), api_version=api_version)).status


def promised_for(order: Order) -> int:
    return StepRun.objects.filter(order_id=order.pk).count()


def assert_paid_once(order: Order) -> None:
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID
    assert Payment.objects.filter(order=order).count() == 1
    assert StripeEvent.objects.count() == 1
    assert promised_for(order) == SIX


def database_url(house: House, proxy: FaultProxy) -> str:
    """
    The house's database, by way of the proxy.
    """
    at = house.addresses
    login = f"{at.postgres_user}:{at.postgres_password}"
    return f"postgresql://{login}@127.0.0.1:{proxy.port}/{at.postgres_database}"
