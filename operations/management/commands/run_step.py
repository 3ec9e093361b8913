"""
`manage.py run_step STEP ORDER`: what a developer reaches for first.
"""

import logging
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations import person
from orders.models import Order, Refund
from pipeline import answers, dead_letters
from pipeline.dead_letters import CannotRevive
from pipeline.failures import NotPromised
from pipeline.models import State, StepRun
from pipeline.steps import Step, Subject, UnknownStep, menu, short_name

WHAT_NOW = {
    State.BURIED: "It will not be tried again by itself. Mend the cause, then: run_step … --revive",
    State.DISCARDED: "Somebody gave it up. To do it after all: run_step … --revive",
    State.RUNNING: "A worker holds it at this moment.",
    State.PROMISED: "It could not be claimed: a worker is just taking it, or its lane is paused.",
    State.SENT: "It could not be claimed: a worker is just taking it, or its lane is paused.",
    State.SKIPPED: "Nobody wants it any more, or there is nothing to undo.",
    State.WAITING: "A worker will try again by itself when it is due.",
}


class Command(BaseCommand):
    """
    Carry out one step in the foreground.
    """

    help = (
        "Carry out one step of one order here and now, due or not, and show its log and the traceback of a failure. "
        "Needs the database, but neither broker nor worker. It is a real attempt: it counts, and its effect stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        steps = ", ".join(short_name(step.name) for step in menu)
        parser.add_argument("step", help=f"one of {steps}")
        parser.add_argument(
            "order", help="the order's id, or its public id; of a refund's step, the refund's (re_…)"
        )
        parser.add_argument("--revive", action="store_true", help="first dig it up, if it lies buried")

    def handle(self, *args: Any, step: str, order: str, revive: bool, **options: Any) -> None:
        wanted = _step(step)
        found = _order(order) if wanted.subject is Subject.ORDER else _refund(order)
        self.stdout.write(f"{short_name(wanted.name)}: {wanted.title}")
        self.stdout.write(f"{found}, id {found.pk}: {_standing(wanted, found)}")
        logging.getLogger("rms").setLevel(logging.DEBUG)
        if revive:
            _revive(wanted, found)
        try:
            answer = answers.by_hand(wanted, found.pk)
        except NotPromised as trouble:
            raise CommandError(str(trouble)) from trouble
        if not answer["success"]:
            raise CommandError(_not_done(answer))
        self.stdout.write(self.style.SUCCESS(f"Done. {_told(answer)}"))


def _step(name: str) -> Step:
    try:
        return menu.find(name)
    except UnknownStep as unknown:
        raise CommandError(str(unknown)) from unknown


def _order(reference: str) -> Order:
    field = "pk" if reference.isdigit() else "public_id"
    try:
        return Order.objects.get(**{field: reference})
    except (Order.DoesNotExist, ValidationError) as missing:
        raise CommandError(f"There is no order {reference}. Give its id or its public id.") from missing


def _refund(reference: str) -> Refund:
    try:
        return Refund.objects.get(**{"pk" if reference.isdigit() else "stripe_id": reference})
    except Refund.DoesNotExist as missing:
        raise CommandError(f"There is no refund {reference}. Give its id, or Stripe's (re_…).") from missing


def _standing(step: Step, subject: Order | Refund) -> str:
    run = StepRun.objects.filter(step=step.name, subject_id=subject.pk).first()
    if run is None:
        return "nothing is promised"
    because = f" ({run.because})" if run.because else ""
    return f"{run.state}{because}, attempts so far: {run.attempts}"


def _revive(step: Step, subject: Order | Refund) -> None:
    whose = {"order_id": subject.pk} if isinstance(subject, Order) else {"refund_id": subject.pk}
    try:
        dead_letters.revive(**whose, step=step.name, by=person.at_the_terminal(), reason="run_step")
    except (CannotRevive, StepRun.DoesNotExist) as trouble:
        raise CommandError(f"{trouble} Leave --revive out.") from trouble


def _not_done(answer: dict[str, Any]) -> str:
    state = State(answer["state"])
    because = f" because: {answer['because']}." if answer.get("because") else "."
    return f"Not done, now {state}{because} {WHAT_NOW.get(state, '')}".rstrip()


def _told(answer: dict[str, Any]) -> str:
    if answer.get("already"):
        return "It was done already; nothing happened now."
    return ", ".join(
        f"{name}: {value}"
        for name, value in answer.items()
        if name not in ("success", "order_id", "refund_id")
    )
