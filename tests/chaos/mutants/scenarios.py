"""
For each mutant the fault that tells it from the product: an order or two, one thing that goes wrong, the comparison.

The product comes out of each of them in order; a mutant does not.
"""

from collections.abc import Sequence

from devtools.till import Mode
from orders.models import Order
from pipeline.crash_points import Point
from pipeline.crashing import Action
from pipeline.models import State, StepEvent, StepRun
from pipeline.steps import Subject, menu
from tests.acceptance.house import promise_extra_step
from tests.acceptance.plain import application
from tests.chaos.mutants.findings import findings, tried_too_often
from tests.chaos.mutants.kitchen import Kitchen
from tests.chaos.sweep.paying import paid_with_a_card

POISON = "tests.acceptance.extra_menu.tasks.poison_task"
RECEIPT = "payments.tasks.send_order_confirmation_email_task"
LOYALTY = "process_loyalty_rewards"


def dead_and_alive(kitchen: Kitchen) -> list[str]:
    """
    A worker stands still for longer than its lease, another does the work, and then the first one goes on.
    """
    orders = kitchen.house.orders(1)
    kitchen.start_worker()
    kitchen.crash(Point.CLAIMED, Action.STOP, step=LOYALTY)
    with kitchen.paying(orders):
        zombie = kitchen.victim(Action.STOP)
        kitchen.settle(orders)
        kitchen.resume(zombie)
        kitchen.settle(orders)
    return findings(kitchen.house, orders)


def poison(kitchen: Kitchen) -> list[str]:
    """
    An order kills whoever works at it.
    """
    (order,) = kitchen.house.orders(1)
    promise_extra_step([order], step=POISON)
    kitchen.start_worker(ISOLATED_POISON_ORDER=str(order.pk))
    kitchen.settle([order], rows=1)
    left = StepRun.objects.get(step=POISON).state
    return tried_too_often([order.pk]) + ([] if left == State.BURIED else [f"its step is {left}, not buried"])


def slow_commit(kitchen: Kitchen) -> list[str]:
    """
    The dispatcher stands still once its messages are out, until they have been read. Waits are not shortened.
    """
    orders = kitchen.house.orders(1)
    kitchen.start_worker(ISOLATED_RETRY_TIME_SCALE="1")
    kitchen.crash(Point.PUBLISHED, Action.STOP)
    with kitchen.paying(orders):
        dispatcher = kitchen.victim(Action.STOP)
        kitchen.house.wait_for(lambda: kitchen.each_is_answered(orders), lambda: "a message lies unread")
        kitchen.resume(dispatcher)
        kitchen.settle(orders)
    return findings(kitchen.house, orders)


def dispatcher_dies(kitchen: Kitchen) -> list[str]:
    """
    The dispatcher dies when rows are marked as sent and nothing is.
    """
    return crashed(kitchen, Point.ROWS_SENT)


def worker_dies_halfway(kitchen: Kitchen) -> list[str]:
    """
    A worker dies between `done` and what was to be done.
    """
    return crashed(kitchen, Point.FENCED, step=LOYALTY)


def door_slams(kitchen: Kitchen) -> list[str]:
    """
    There is trouble right after an event was written down; Stripe delivers it again.
    """
    orders = kitchen.house.orders(1)
    kitchen.open_web()
    kitchen.start_worker(sick=False)
    kitchen.crash(Point.EVENT_KEPT, Action.RAISE)
    with kitchen.paying(orders, tell=paid_with_a_card) as paying:
        kitchen.victim(Action.RAISE)
        paying.again()
        kitchen.house.wait_for(paying.is_through, lambda: "the payment was not accepted")
        kitchen.settle(orders)
    return findings(kitchen.house, orders)


def nobody_nudges(kitchen: Kitchen) -> list[str]:
    """
    The broker cannot be reached just when an order is paid.
    """
    orders = kitchen.house.orders(1)
    kitchen.start_worker()
    kitchen.crash(Point.NUDGING, Action.RAISE)
    with kitchen.paying(orders):
        kitchen.victim(Action.RAISE)
        kitchen.settle(orders)
    return findings(kitchen.house, orders)


def all_go_home(kitchen: Kitchen) -> list[str]:
    """
    While a step waits for its next try, the worker is killed and the broker comes back empty.
    """
    orders = kitchen.house.orders(1)
    kitchen.house.till.break_down(Mode.SERVER_ERROR, times=1)
    told = {"ISOLATED_RETRY_TIME_SCALE": "0.05"}
    kitchen.start_worker(**told)
    kitchen.house.pay(orders)
    kitchen.house.wait_for(lambda: only_one_waits(orders), lambda: "nothing waits")
    kitchen.house.kill_worker()
    kitchen.house.flush_broker()
    kitchen.start_worker(**told)
    kitchen.settle(orders)
    return findings(kitchen.house, orders)


def answer_is_lost(kitchen: Kitchen) -> list[str]:
    """
    A worker dies when the mail server has its letter; letters of unknown outcome are held for a person.
    """
    return crashed(kitchen, Point.LETTER_ACCEPTED, may_be_buried=True, ISOLATED_EMAIL_UNKNOWN_OUTCOME="hold")


def till_hangs_up(kitchen: Kitchen) -> list[str]:
    """
    The till takes the order and closes the line without an answer.
    """
    orders = kitchen.house.orders(1)
    kitchen.house.till.break_down(Mode.FAIL_AFTER_EFFECT, times=1)
    kitchen.start_worker()
    kitchen.house.pay(orders)
    kitchen.settle(orders)
    return findings(kitchen.house, orders)


def message_comes_twice(kitchen: Kitchen) -> list[str]:
    """
    A message is delivered once more while its letter is under way.
    """
    orders = kitchen.house.orders(1)
    kitchen.house.mailbox.break_down("slow", phase="data", seconds=2, recipient="guest0@example.com")
    kitchen.start_worker()
    kitchen.house.pay(orders)
    sending = StepRun.objects.filter(step=RECEIPT, sending_at__isnull=False)
    kitchen.house.wait_for(sending.exists, lambda: "no letter is under way")
    post = application(kitchen.house.addresses.broker_url)
    post.send_task(RECEIPT, args=(orders[0].pk,), ignore_result=True)
    kitchen.settle(orders)
    return findings(kitchen.house, orders)


def crashed(
    kitchen: Kitchen, point: Point, *, step: str = "", may_be_buried: bool = False, **told: str
) -> list[str]:
    """
    What is left when a process is killed at this point.
    """
    orders = kitchen.house.orders(1)
    kitchen.start_worker(**told)
    kitchen.crash(point, Action.KILL, step=step)
    with kitchen.paying(orders):
        kitchen.victim(Action.KILL)
        kitchen.settle(orders)
    return findings(kitchen.house, orders, may_be_buried=may_be_buried)


def only_one_waits(orders: Sequence[Order]) -> bool:
    """
    Has one attempt failed, and is everything else done?
    """
    others = len(orders) * len(menu.about(Subject.ORDER)) - 1
    failed = StepEvent.objects.filter(what=StepEvent.What.FAILED).count()
    return failed == 1 and StepRun.objects.filter(state=State.DONE).count() == others
