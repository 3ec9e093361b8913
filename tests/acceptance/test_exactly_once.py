"""
The promise, with real processes: each of the six follow-ups exactly once, whatever dies in between.
"""

import os
import random
import signal
import time

import pytest
from django.db.models import Q

from devtools.stripe_sender import events, make_plan
from devtools.till import Mode
from payments import tasks
from payments.models import StripeEvent
from pipeline.models import AT_REST, State, StepEvent, StepRun
from tests.acceptance.house import House, promise_extra_step, sale, states

pytestmark = pytest.mark.acceptance

SEED = 7
SIX = 6
# The house's clock runs fast (RETRY_TIME_SCALE): on a busy machine what merely queues is taken for lost and sent again.
SENT_AGAIN = Q(what=StepEvent.What.SENT_AGAIN)


class TestEachFollowUpHappensExactlyOnce:
    def test_when_nothing_goes_wrong(self, house: House):
        orders = house.orders(20)

        heard = house.pay(orders)

        house.wait_until_at_rest(orders)
        assert set(heard) == {200}
        house.assert_each_step_happened_once(orders)
        assert not StepEvent.objects.exclude(SENT_AGAIN).exists()

    def test_when_one_event_is_delivered_twenty_times_at_once(self, house: House):
        orders = house.orders(1)
        plan = make_plan([events.payment_intent_succeeded(sale(orders[0]))], duplicates=1, at_once=20)
        heard = []

        with house.sender(connections=20) as sender:
            sender.deliver(plan, on_delivery=lambda delivery: heard.append(delivery.status))

        house.wait_until_at_rest(orders)
        assert heard == [200] * 20
        assert StripeEvent.objects.count() == 1
        house.assert_each_step_happened_once(orders)

    def test_when_the_whole_worker_is_killed_in_the_middle_of_its_work(self, house: House):
        orders = house.orders(30)
        house.till.break_down(Mode.SLOW, seconds=3)
        house.mailbox.break_down("slow", phase="data", seconds=3)
        house.pay(orders)
        house.wait_for(
            lambda: len(at_work()) >= 2, lambda: f"never at work: {states([o.pk for o in orders])}"
        )

        house.kill_worker()
        half_sent = StepRun.objects.filter(
            state=State.RUNNING, sending_at__isnull=False, lane="emails"
        ).count()
        house.till.mend()
        house.mailbox.mend()
        house.end_leases()
        house.start_worker()

        house.wait_until_at_rest(orders)
        house.assert_each_step_happened_once(orders, letters_twice_at_most=half_sent)
        assert StepEvent.objects.filter(what=StepEvent.What.LEASE_LOST).exists()

    def test_when_a_letter_was_accepted_and_the_worker_died_before_it_could_say_so(self, house: House):
        orders = house.orders(1)
        house.mailbox.break_down(
            "hang", phase="after_data", times=1, recipient="guest0@example.com", keep=True
        )
        house.pay(orders)
        house.wait_for(lambda: house.letters(orders[0], "confirmation") == 1, lambda: "no letter came")

        house.kill_worker()
        house.mailbox.mend()
        house.end_leases()
        house.start_worker()

        house.wait_until_at_rest(orders)
        house.assert_each_step_happened_once(orders, letters_twice_at_most=1)
        assert house.letters(orders[0], "confirmation") == 2, (
            "the receipt with the unknown outcome was not sent again"
        )

    def test_when_the_broker_is_flushed_at_any_moment(self, house: House):
        orders = house.orders(60)
        chance = random.Random(SEED)

        for start in range(0, 60, 10):
            house.pay(orders[start : start + 10])
            time.sleep(
                chance.uniform(0, 0.2)
            )  # not a wait for anything: the moment of the flush is to differ
            house.flush_broker()

        house.wait_until_at_rest(orders)
        house.assert_each_step_happened_once(orders)

    def test_when_the_broker_is_down_while_orders_are_paid(self, house: House):
        orders = house.orders(10)
        house.servers.hold("broker")

        heard = house.pay(orders)
        paid_meanwhile = StepRun.objects.exclude(state__in=AT_REST).count()
        house.servers.release("broker")

        house.wait_until_at_rest(orders)
        assert heard == [200] * 10
        assert paid_meanwhile == 10 * SIX
        house.assert_each_step_happened_once(orders)

    def test_when_the_broker_hangs_while_orders_are_paid(self, house: House):
        orders = house.orders(10)
        os.kill(house.servers.broker_pid, signal.SIGSTOP)
        try:
            with house.sender(timeout=3) as sender:
                heard = [sender.send(events.payment_intent_succeeded(sale(order))).status for order in orders]
        finally:
            os.kill(house.servers.broker_pid, signal.SIGCONT)

        house.wait_until_at_rest(orders)
        assert heard == [200] * 10
        house.assert_each_step_happened_once(orders)

    def test_when_the_till_takes_the_order_and_drops_the_answer(self, house: House):
        orders = house.orders(5)
        house.till.break_down(Mode.FAIL_AFTER_EFFECT, times=8)

        house.pay(orders)

        house.wait_until_at_rest(orders)
        house.assert_each_step_happened_once(orders)
        assert house.till.counts().duplicates_answered >= 5

    def test_when_postgresql_is_killed_and_comes_back_under_load(self, house: House):
        orders = house.orders(60)
        house.pay(orders[:20])

        os.kill(house.servers.postgres_pid, signal.SIGKILL)
        house.pay(orders[20:], until_accepted=90)
        house.wait_for(house.servers.is_running, lambda: "PostgreSQL did not come back")
        house.wait_for(lambda: StepRun.objects.count() == 60 * SIX, lambda: "not every order was accepted")
        house.end_leases()

        house.wait_until_at_rest(orders)
        house.assert_each_step_happened_once(
            orders, letters_twice_at_most=StepEvent.objects.filter(what=StepEvent.What.LEASE_LOST).count()
        )


class TestMenuThatChanges:
    def test_leaves_the_rows_of_a_removed_step_alone_and_knows_them_again_later(self, house: House):
        orders = house.orders(3)
        house.kill_worker()
        house.pay(orders)
        promise_extra_step(orders, step=EXTRA)

        house.start_worker()
        house.wait_for(
            lambda: states_of_extra() == ["promised"] * 3 and done(orders) == 3 * SIX,
            lambda: str(states_of_extra()),
        )
        crashed = house.crew.says("worker", "Traceback")
        house.kill_worker()
        house.start_worker(DJANGO_SETTINGS_MODULE="tests.acceptance.settings")

        house.wait_for(lambda: states_of_extra() == ["done"] * 3, lambda: str(states_of_extra()))
        assert not crashed

    def test_does_not_ask_for_an_added_step_for_orders_that_were_paid_before(self, house: House):
        orders = house.orders(2)
        house.pay(orders)
        house.wait_until_at_rest(orders)

        house.kill_worker()
        house.start_worker(DJANGO_SETTINGS_MODULE="tests.acceptance.settings")

        assert done(orders) == StepRun.objects.count() == 2 * SIX


class TestPoisonOrder:
    def test_ends_buried_and_costs_its_neighbours_at_most_one_attempt(self, house: House):
        house.kill_worker()
        orders = house.orders(100)
        poison = orders[50].pk
        promise_extra_step(orders, step=POISON)

        house.start_worker(
            DJANGO_SETTINGS_MODULE="tests.acceptance.settings", ISOLATED_POISON_ORDER=str(poison)
        )
        house.wait_for(
            lambda: ended_leases_and_at_rest(house, 100), lambda: str(states([o.pk for o in orders]))
        )

        rows = {run.order_id: run for run in StepRun.objects.filter(step=POISON)}
        neighbours = [run for order_id, run in rows.items() if order_id != poison]
        assert (rows[poison].state, rows[poison].attempts) == (State.BURIED, 3)
        assert {run.state for run in neighbours} == {State.DONE}
        assert max(run.attempts for run in neighbours) <= 2
        history = rows[poison].events.exclude(SENT_AGAIN).order_by("id").values_list("what", flat=True)
        assert list(history) == ["lease_lost"] * 3 + ["buried"]


EXTRA = "tests.acceptance.extra_menu.tasks.thank_the_cook_task"
POISON = "tests.acceptance.extra_menu.tasks.poison_task"


def at_work() -> list[str]:
    """
    The lanes on which something has been sent whose answer is not there yet.
    """
    lanes = StepRun.objects.filter(state=State.RUNNING, sending_at__isnull=False).values_list(
        "lane", flat=True
    )
    return sorted(set(lanes))


def states_of_extra() -> list[str]:
    return list(StepRun.objects.filter(step=EXTRA).order_by("id").values_list("state", flat=True))


def done(orders) -> int:
    ours = [task.name for task in (tasks.send_order_confirmation_email_task, tasks.send_staff_notification_task,
            tasks.sync_order_to_pos_task, tasks.record_payment_analytics_task, tasks.process_loyalty_rewards_task,
            tasks.update_inventory_levels_task)]  # fmt: skip
    ids = [order.pk for order in orders]
    return StepRun.objects.filter(order_id__in=ids, step__in=ours, state=State.DONE).count()


def ended_leases_and_at_rest(house: House, count: int) -> bool:
    """
    Everything at rest? If not, let the leases of dead workers end: of those that have held one for two seconds.
    """
    if StepRun.objects.filter(state__in=(State.DONE, State.BURIED)).count() == count:
        return True
    house.end_leases(claimed_before_seconds=2)
    return False
