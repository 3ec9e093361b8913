"""
The whole way of orders through the real engine, in this process: every statement is the product's own.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.test import override_settings

from benchmarks.pizzeria import LOCATION, sale
from devtools.mailbox.running import running_mailbox
from devtools.stripe_sender import Sale, events
from devtools.stripe_sender.envelope import Event
from devtools.till import running_till
from operations import watch
from orders.models import Order
from payments import inbox
from payments.stripe_gateway import listed_event
from pipeline import backlog, dispatcher
from pipeline.models import State, StepRun
from pipeline.runner import carry_out
from pipeline.steps import Step, Subject, menu

TICKS_PER_MINUTE = 60
OUR_OWN = "our own questions"  # of the measurement: they do not count
Note = Callable[[str], None]


class NotDone(RuntimeError):
    """
    Not every step of every order came to its end, so what was counted means nothing.
    """


@contextmanager
def outside(home: Path) -> Iterator[None]:
    """
    A mail server and a till to send to.
    """
    with (
        running_mailbox(home / "mailbox") as mailbox,
        running_till(home=home / "till", locations={LOCATION: "USD"}) as till,
        override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST=mailbox.smtp_host,
            EMAIL_PORT=mailbox.smtp_port,
            EMAIL_USE_TLS=False,
            SQUARE_BASE_URL=till.url,
            SQUARE_ACCESS_TOKEN=till.token,
            POS_ORDERS_PER_SECOND=0,
        ),
    ):
        yield


def go(orders: Sequence[Order], note: Note) -> None:
    """
    Pay the orders and carry out everything that follows, as it travels: in messages of many; `note` hears of each part.
    """
    for order in orders:
        _receive(order)
    note("receive")
    while dispatcher.dispatch():
        note("dispatch")
        for step in menu.about(Subject.ORDER):
            messages = _messages(step)
            note(OUR_OWN)
            for subjects in messages:
                carry_out(step, subjects)
            note(step.name.rpartition(".")[2])
    note("dispatch")
    _audit(orders)
    note(OUR_OWN)


def ask_for_a_minute(note: Note) -> None:
    """
    What is asked in each minute, whatever happens: the dispatcher's ticks, the watch, the backlog for the health page.
    """
    for _ in range(TICKS_PER_MINUTE):
        dispatcher.dispatch()
        inbox.retry_unmatched()
    note("ticks of a minute")
    watch.watch()
    note("watch")
    backlog.by_lane()
    note("health")


def _receive(order: Order) -> None:
    for event in _told(sale(order)):
        body = json.dumps(event).encode()
        inbox.receive(listed_event(event), body=body)


def _told(paid: Sale) -> list[Event]:
    # What Stripe tells about every payment with a card.
    return [
        events.payment_intent_created(paid),
        events.payment_intent_succeeded(paid),
        events.charge_succeeded(paid),
    ]


def _messages(step: Step) -> list[list[int]]:
    """
    What was sent of the step, as it travels.
    """
    sent = StepRun.objects.filter(step=step.name, due_at__isnull=False, state=State.SENT)
    subjects = list(sent.order_by("subject_id").values_list("subject_id", flat=True))
    return [subjects[start : start + step.together] for start in range(0, len(subjects), step.together)]


def _audit(orders: Sequence[Order]) -> None:
    done = StepRun.of_orders(order.pk for order in orders).filter(state=State.DONE).count()
    wanted = len(orders) * len(menu.about(Subject.ORDER))
    if done != wanted:
        raise NotDone(f"{done} of {wanted} step runs are done.")
