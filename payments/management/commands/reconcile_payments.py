"""
`manage.py reconcile_payments --since 24h`: what did Stripe's webhook not tell us?
"""

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from payments.models import StripeEvent
from payments.reconciliation import Wish, reconcile
from payments.reconciliation_report import PUT_OFF, Report, Row

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
State = StripeEvent.State
COLUMNS: tuple[tuple[str, Callable[[Row], int]], ...] = (
    ("looked at", lambda row: row.looked_at),
    ("missed", lambda row: row.missed),
    ("repaired", lambda row: row.became[State.HANDLED]),
    ("in review", lambda row: row.became[State.IN_REVIEW]),
    ("no order", lambda row: row.became[State.UNMATCHED]),
    ("no news", lambda row: row.became[State.CONFIRMED] + row.became[State.IGNORED]),
    ("put off", lambda row: row.became[PUT_OFF]),
)


class Command(BaseCommand):
    """
    Reconcile, and say what was found.
    """

    help = (
        "Ask Stripe for everything that was created since then (events, PaymentIntents, Checkout Sessions, refunds, "
        "disputes) and take in what its webhook did not tell us, as if it had. Harmless at any time and any number of "
        "times. Ends with 1 where Stripe could not be asked, or something could not be taken in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=moment,
            default="24h",
            metavar="WHEN",
            help="24h, 90m, 3d, or a time such as 2026-11-20T00:00 (UTC unless it says otherwise). Default: 24h. "
            "Stripe keeps events for 30 days, and everything else for good.",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only count what was missed; change nothing"
        )

    def handle(self, *args: Any, since: datetime, dry_run: bool, **options: Any) -> None:
        report = reconcile(Wish(since=since, dry_run=dry_run))
        self.stdout.write(f"Since {since:%Y-%m-%d %H:%M} UTC:")
        self.stdout.write(table(report))
        if report.broken_off:
            raise CommandError(f"{report.because}\nWhat stands above has been looked at; the rest has not.")
        if report.left:
            raise CommandError(f"{sentence(report, dry_run=dry_run)} {report.because}\nThe log says why.")
        self.stdout.write(self.style.SUCCESS(sentence(report, dry_run=dry_run)))


def moment(text: str) -> datetime:
    """
    The time that is meant, in UTC; raises ArgumentTypeError for what is none, or lies in the future.
    """
    ago = re.fullmatch(r"(\d{1,6})([mhd])", text)
    try:
        when = (
            timezone.now() - timedelta(**{UNITS[ago[2]]: int(ago[1])})
            if ago
            else datetime.fromisoformat(text)
        )
    except ValueError as trouble:
        raise ArgumentTypeError(f"{text!r} is no time. Write 24h, 3d, or 2026-11-20T00:00.") from trouble
    when = when.replace(tzinfo=when.tzinfo or UTC).astimezone(UTC)
    if when > timezone.now():
        raise ArgumentTypeError(f"{text!r} lies in the future.")
    return when


def table(report: Report) -> str:
    """
    One line for each list of Stripe's.
    """
    head = f"{'':<18}" + "".join(f"{title:>11}" for title, _ in COLUMNS)
    return "\n".join([head, *(_line(row) for row in report.rows)])


def sentence(report: Report, *, dry_run: bool) -> str:
    """
    What it comes to.
    """
    if not report.missed:
        return "Nothing else was missed." if report.left else "Nothing was missed."
    if dry_run:
        was, they_are = ("was", "it is") if report.missed == 1 else ("were", "they are")
        return f"{report.missed} {was} missed. Without --dry-run {they_are} taken in."
    orders = len(report.orders)
    done = f"Repaired {orders} {'order' if orders == 1 else 'orders'}: the webhook was missed."
    left = report.became[State.IN_REVIEW] + report.became[State.UNMATCHED]
    want = f"{left} want a person (admin, Stripe events: in review, unmatched)."
    told = [done] * bool(orders) + [want] * bool(left)
    return " ".join(told) or "What was missed is no news: no order changed."


def _line(row: Row) -> str:
    return f"{row.title:<18}" + "".join(f"{count(row):>11}" for _, count in COLUMNS)
