"""
How each rule of the watch is broken, and mended again; and how time passes for it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from devtools.stripe_sender import events, sign
from orders.models import Dispute
from orders.testing import NOON, make_order
from payments.models import Reconciliation
from payments.testing import deliver, post, sale_of
from payments.webhook import LARGEST_BODY
from pipeline import lanes
from pipeline.claims import Claim
from pipeline.models import StepRun
from pipeline.queues import Queue
from pipeline.statements import execute
from pipeline.steps import Step
from pipeline.testing import make_due, promised


@dataclass(frozen=True, kw_only=True)
class Provocation:
    """
    Breaks one rule, about one subject, and mends it.
    """

    rule: str
    subject: str
    provoke: Callable[[Step], object]
    mend: Callable[[Step], object]


def minutes_pass(minutes: int) -> None:
    """
    Let time pass for everything that the watch looks at.
    """
    back = f"- interval '{minutes} minutes'"
    execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks that are still to come cannot be altered
    execute("ALTER TABLE pipeline_stepevent DISABLE TRIGGER pipeline_history_is_final")
    for table, columns in {
        "operations_alert": ["opened_at", "seen_at", "tell_from", "told_at", "closed_at", "telling_until"],
        "payments_rejecteddelivery": ["minute"],
        "payments_stripeevent": ["received_at"],
        "payments_reconciliation": ["began_at"],
        "pipeline_steprun": ["promised_at", "finished_at", "due_at"],
        "pipeline_stepevent": ["at"],
        "pipeline_lanepause": ["paused_at"],
    }.items():
        execute(f"UPDATE {table} SET " + ", ".join(f"{column} = {column} {back}" for column in columns))
    execute("ALTER TABLE pipeline_stepevent ENABLE TRIGGER pipeline_history_is_final")


def fail(step: Step, count: int, *, wait: float | None) -> None:
    orders = range(1, count + 1)
    promised(step, *orders)
    claim = Claim.take(step=step, subjects=orders)
    for order in orders:
        claim.fail(order, because="a test", wait=wait, unknown=False)


def wait_long(step: Step) -> None:
    promised(step, 1)
    make_due(step, 1)
    minutes_pass(6)


def put_off_again_and_again(step: Step) -> None:
    promised(step, 1)
    minutes_pass(121)
    Claim.take(step=step, subjects=[1]).postpone(1, because="the password is wrong", wait=60)


def pause_long(_step: Step) -> None:
    lanes.pause(lane=Queue.LOYALTY, by="anna", reason="stocktaking")
    minutes_pass(61)


def bury_long_ago(step: Step) -> None:
    fail(step, 1, wait=None)
    minutes_pass(25 * 60)


def forge(_step: Step) -> None:
    event = events.payment_intent_succeeded(sale_of(make_order(paid=False)))
    for _ in range(10):
        deliver(event, secret="whsec_forged")


def deliver_late(_step: Step) -> None:
    event = events.payment_intent_succeeded(sale_of(make_order(paid=False)))
    for _ in range(3):
        deliver(event, at=1)


def deliver_rubbish(_step: Step) -> None:
    for _ in range(3):
        post(b"[]", sign(b"[]", secret=settings.STRIPE_WEBHOOK_SECRETS[0]))


def deliver_too_much(_step: Step) -> None:
    for _ in range(10):
        post(b" " * (LARGEST_BODY + 1), "any")


def pay_for_nothing(_step: Step) -> None:
    order = make_order(paid=False)
    event = events.payment_intent_succeeded(sale_of(order, order_reference="somebody-elses"))
    deliver(event)
    minutes_pass(11)


def pay_too_little(_step: Step) -> None:
    order = make_order(paid=False)
    deliver(events.payment_intent_succeeded(sale_of(order, amount=order.total_minor - 1)))


def repair_an_order(_step: Step) -> None:
    Reconciliation.objects.create(since=NOON, scheduled=True, ended_at=NOON, repaired_orders=1)


def fail_to_reconcile(_step: Step) -> None:
    Reconciliation.objects.create(since=NOON, scheduled=True, ended_at=NOON, because="Stripe is away")
    minutes_pass(181)


def reconcile_well(_step: Step) -> None:
    Reconciliation.objects.create(since=NOON, scheduled=True, ended_at=NOON)


def capture_a_part(_step: Step) -> None:
    order = make_order(paid=False)
    deliver(events.payment_intent_succeeded(sale_of(order), amount_received=order.total_minor - 1))


def dispute(_step: Step) -> None:
    sale = sale_of(make_order(paid=False))
    deliver(events.payment_intent_succeeded(sale))
    deliver(events.charge_dispute_created(sale))


def lose_the_dispute(_step: Step) -> None:
    deliver(events.charge_dispute_closed(sale_of(Dispute.objects.get().order)))


def nothing(_step: Step) -> None:
    pass


def an_hour_passes(_step: Step) -> None:
    minutes_pass(61)


def a_day_passes(_step: Step) -> None:
    minutes_pass(25 * 60)


def everything_is_done(_step: Step) -> None:
    StepRun.objects.all().update(state="discarded", due_at=None, lease_token=None)


PROVOCATIONS = (
    Provocation(rule="backlog", subject="loyalty", provoke=wait_long, mend=everything_is_done),
    Provocation(rule="stalled", subject="loyalty", provoke=put_off_again_and_again, mend=everything_is_done),
    Provocation(
        rule="paused",
        subject="loyalty",
        provoke=pause_long,
        mend=lambda _step: lanes.resume(lane=Queue.LOYALTY, by="anna"),
    ),
    Provocation(
        rule="failures",
        subject="change_database",
        provoke=lambda step: fail(step, 10, wait=10**6),
        mend=an_hour_passes,
    ),
    Provocation(
        rule="burials",
        subject="change_database",
        provoke=lambda step: fail(step, 1, wait=None),
        mend=an_hour_passes,
    ),
    Provocation(
        rule="left_buried", subject="change_database", provoke=bury_long_ago, mend=everything_is_done
    ),
    Provocation(rule="forged", subject="bad_signature", provoke=forge, mend=an_hour_passes),
    Provocation(rule="clock", subject="wrong_time", provoke=deliver_late, mend=an_hour_passes),
    Provocation(rule="unreadable", subject="no_event", provoke=deliver_rubbish, mend=an_hour_passes),
    Provocation(rule="oversized", subject="too_large", provoke=deliver_too_much, mend=an_hour_passes),
    Provocation(rule="unmatched", subject="", provoke=pay_for_nothing, mend=a_day_passes),
    Provocation(rule="in_review", subject="", provoke=pay_too_little, mend=a_day_passes),
    Provocation(rule="partly_paid", subject="", provoke=capture_a_part, mend=a_day_passes),
    Provocation(rule="disputes", subject="", provoke=dispute, mend=lose_the_dispute),
    Provocation(
        rule="missed_webhooks",
        subject="",
        provoke=repair_an_order,
        mend=lambda _step: minutes_pass(121),
    ),
    Provocation(rule="cannot_reconcile", subject="", provoke=fail_to_reconcile, mend=reconcile_well),
)
