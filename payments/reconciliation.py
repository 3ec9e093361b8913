"""
Reconciliation: ask Stripe what its webhook did not tell us, and take it in through the same door.

Any number may run at once, and beside the webhook: the door keeps each event once, and money is booked once. So nothing
here has to remember how far it came; a run that breaks off has lost nothing but time.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from payments import inbox
from payments import reconciliation_history as history
from payments.meanings import told_about
from payments.missed import SOURCES, Source
from payments.models import Reconciliation, StripeEvent
from payments.reconciliation_report import PUT_OFF, Report, Row
from payments.stripe_api import CannotAskStripe, StripeApi
from payments.stripe_gateway import Event, NotFromStripe
from payments.untold import Document
from pipeline import journal


class OutOfTime(CannotAskStripe):
    """
    There was more to look at than there was time. The next scheduled run begins here again; one by hand, which takes its
    time, gets past it: manage.py reconcile_payments --since
    """


@dataclass(frozen=True, kw_only=True)
class Wish:
    """
    What is to be looked at, and how: nothing younger than `until` (None for up to now), `give_up_at` by the monotonic clock.
    """

    since: datetime
    until: datetime | None = None
    give_up_at: float = float("inf")
    dry_run: bool = False


def reconcile_on_schedule(*, now: datetime, within_seconds: float, stripe: StripeApi | None = None) -> Report:
    """
    Look at the last STRIPE_RECONCILE_HOURS, and further back where the last runs were not complete or nobody made them.

    It asks for delivered events, too: a database that was restored may have forgotten them, and what happens to money
    late is told by its event alone, for an object is listed by when it was created. What is younger than five minutes is
    left for the next time: its webhook may be on the way, and would be called missed.
    """
    history.forget_the_old()
    wish = Wish(
        since=history.since_the_last(now=now),
        until=now - history.MAY_BE_ON_ITS_WAY,
        give_up_at=time.monotonic() + within_seconds,
    )
    return reconcile(wish, scheduled=True, stripe=stripe)


def reconcile(wish: Wish, *, scheduled: bool = False, stripe: StripeApi | None = None) -> Report:
    """
    Look at everything that Stripe has from that time on, and take in what we missed; in a dry run only count it.
    """
    report = Report(since=wish.since)
    run = None if wish.dry_run else Reconciliation.objects.create(since=wish.since, scheduled=scheduled)
    with _noted(run, report):
        api = stripe or StripeApi()
        for source in SOURCES:
            _go_through(source, api=api, wish=wish, report=report)
    return report


@contextmanager
def _noted(run: Reconciliation | None, report: Report) -> Iterator[None]:
    """
    However it ends, that is noted.
    """
    try:
        yield
    except CannotAskStripe as trouble:
        report.broken_off = str(trouble)
    except BaseException as trouble:
        report.broken_off = f"It broke off: {type(trouble).__name__}."
        raise
    finally:
        if run is not None:
            # Where the database itself is gone, the run stays without an end, and counts as failed after an hour.
            with suppress(DatabaseError, InterfaceError):
                _note_the_end(run, report)


def _go_through(source: Source, *, api: StripeApi, wish: Wish, report: Report) -> None:
    row = Row(title=source.title)
    report.rows.append(row)
    asked = {"since": wish.since, "until": wish.until, "give_up_at": wish.give_up_at, **source.asked}
    for page in api.pages(source.path, **asked):
        if time.monotonic() > wish.give_up_at:
            raise OutOfTime(f" {wish.since:%Y-%m-%dT%H:%M}")
        row.looked_at += len(page)
        for event in _news(source, page, report=report):
            if source.tells_when and wish.until is not None and event.happened_at > wish.until:
                continue  # an older object that was paid just now
            with _left_where_it_fails(event.id, row=row, report=report):
                (_count if wish.dry_run else _take_in)(event, row=row, report=report)


def _news(source: Source, page: list[Document], *, report: Report) -> list[Event]:
    try:
        return list(source.news(page))
    except Exception as trouble:
        if _ends_everything(trouble):
            raise
    # One of them cannot be read: which, is found by asking for each by itself, so that it costs its neighbours nothing.
    news: list[Event] = []
    for one in page:
        with _left_where_it_fails(str(one.get("id")), row=report.rows[-1], report=report):
            news += source.news([one])
    return news


@contextmanager
def _left_where_it_fails(about: str, *, row: Row, report: Report) -> Iterator[None]:
    try:
        yield
    except Exception as trouble:
        if _ends_everything(trouble):
            raise
        # An order that is locked just now will be free for the next run, or for the webhook; anything else wants a person.
        row.became[PUT_OFF] += 1
        report.left[about] = type(trouble).__name__
        unreadable = isinstance(trouble, NotFromStripe)
        journal.record("event.unreadable" if unreadable else "event.put_off", event_id=about, trouble=trouble)


def _ends_everything(trouble: Exception) -> bool:
    if isinstance(trouble, OperationalError | InterfaceError):
        return not connection.is_usable()
    return isinstance(trouble, SoftTimeLimitExceeded)


def _count(event: Event, *, row: Row, report: Report) -> None:
    # Nothing is kept in between, so an event, its PaymentIntent and its Session all tell of the same payment.
    about = told_about(event)
    row.missed += about not in report.counted
    report.counted.add(about)


def _take_in(event: Event, *, row: Row, report: Report) -> None:
    if not inbox.receive(event, body=json.dumps(event.object, sort_keys=True).encode()):
        return  # the webhook, or another reconciliation, was quicker
    kept = StripeEvent.objects.get(pk=event.id)
    row.missed += 1
    row.became[kept.state] += 1
    if kept.state == StripeEvent.State.HANDLED and kept.order_id is not None:
        report.orders.add(kept.order_id)
    journal.record(
        "event.missed", event_id=event.id, type=event.type, state=kept.state, order_id=kept.order_id
    )


def _note_the_end(run: Reconciliation, report: Report) -> None:
    State = StripeEvent.State  # noqa: N806 - a class
    Reconciliation.objects.filter(pk=run.pk).update(
        ended_at=Now(),
        looked_at=report.looked_at,
        missed=report.missed,
        repaired_orders=len(report.orders),
        in_review=report.became[State.IN_REVIEW],
        unmatched=report.became[State.UNMATCHED],
        because=report.because[:300],
    )
    if report.because:
        journal.record("reconciliation.broken_off", because=report.because)
    journal.record(
        "reconciliation.done",
        looked_at=report.looked_at,
        missed=report.missed,
        repaired_orders=len(report.orders),
    )
