"""
The end of the evening: what the outside holds is compared with what came in, and each is counted by itself.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from django.db.models import Count, Sum

from analytics.models import HourlySales, SaleFact
from devtools.show import pizza_place
from devtools.show.pizza_place import PastOrder
from devtools.stripe_sender.delivery import Summary
from inventory.models import Stock, StockMovement
from loyalty.models import LoyaltyBalance, LoyaltyEntry
from orders.models import Order, OrderStatus, Payment
from payments.models import StripeEvent
from pipeline.models import State, StepEvent, StepRun
from pipeline.steps import Subject, menu, short_name

SALES_TAX = Fraction(8_875, 100_000)  # as devtools/show/opening.py sets it


@dataclass(frozen=True, kw_only=True)
class Line:
    """
    One line of the table: what was counted, what it should be, and whether it is.
    """

    what: str
    found: str
    expected: str
    ok: bool


@dataclass(frozen=True, kw_only=True)
class Books:
    """
    Where the outside keeps its own truth.
    """

    mailbox: Path
    till: Path

    def letters(self, kind: str) -> tuple[int, int]:
        """
        How many letters of a kind ("confirmation", "staff") came, and about how many different orders.
        """
        return self._count(
            self.mailbox,
            "SELECT count(*), count(DISTINCT message_id) FROM letters WHERE message_id LIKE ?",
            f"<order-%.{kind}@%",
        )

    def tickets(self) -> tuple[int, int]:
        """
        How many orders the till holds, and how many different ones of ours.
        """
        return self._count(self.till, "SELECT count(*), count(DISTINCT reference_id) FROM orders")

    def till_payments(self) -> int:
        return self._count(self.till, "SELECT count(*), 0 FROM payments")[0]

    def _count(self, path: Path, statement: str, *values: str) -> tuple[int, int]:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as book:
            all_of_them, different = book.execute(statement, values).fetchone()
        return int(all_of_them), int(different)


def reckon(*, past: Sequence[PastOrder], books: Books, summary: Summary, destroyed: int) -> list[Line]:
    """
    The whole table, in the order in which it is read.
    """
    count = len(past)
    return [
        *_payments(count, summary),
        *_steps(count),
        *_outside(count, books),
        *_sums(past),
        *_survived(destroyed),
    ]


def open_step_runs() -> int:
    """
    How many step runs are not at rest yet.
    """
    return StepRun.objects.filter(due_at__isnull=False).count()


def _payments(count: int, summary: Summary) -> list[Line]:
    paid = Order.objects.filter(status=OrderStatus.PAID).count()
    kept = StripeEvent.objects.count()
    answered = summary.deliveries - summary.retries
    return [
        _line("orders paid", paid, count),
        _line("payments booked", Payment.objects.count(), count),
        _line("Stripe events kept", kept, summary.events),
        _line("duplicate deliveries suppressed", answered - kept, summary.duplicates),
    ]


def _steps(count: int) -> list[Line]:
    found = {
        (row["step"], row["state"]): row["n"]
        for row in StepRun.objects.values("step", "state").annotate(n=Count("id"))
    }
    lines = []
    for step in menu.about(Subject.ORDER):
        done, buried = found.get((step.name, State.DONE), 0), found.get((step.name, State.BURIED), 0)
        lines.append(
            Line(what=f"{short_name(step.name)} done/buried", found=f"{done:,}/{buried:,}",
                 expected=f"{count:,}/0", ok=(done, buried) == (count, 0))
        )  # fmt: skip
    return lines


def _outside(count: int, books: Books) -> list[Line]:
    lines = []
    for kind, step in (
        ("confirmation", "send_order_confirmation_email"),
        ("staff", "send_staff_notification"),
    ):
        letters, different = books.letters(kind)
        excused = _unknown_outcomes(step)
        copies = letters - different
        lines.append(_line(f"{kind} letters, by Message-ID", different, count))
        lines.append(
            Line(what=f"{kind} letters twice (outcome unknown)", found=f"{copies}",
                 expected=f"at most {excused}", ok=copies <= excused)
        )  # fmt: skip
    tickets, different = books.tickets()
    return [
        *lines,
        _line("orders at the till", tickets, count),
        _line("different orders at the till", different, count),
        _line("payments at the till", books.till_payments(), count),
    ]


def _sums(past: Sequence[PastOrder]) -> list[Line]:
    money = sum(order.total_minor for order in past)
    used = pizza_place.used_mg(past)
    moved = {
        row["ingredient__name"]: -row["sum"]
        for row in StockMovement.objects.filter(kind=StockMovement.Kind.SALE)
        .values("ingredient__name")
        .annotate(sum=Sum("quantity"))
    }
    wrong = [name for name in used.keys() | moved.keys() if used.get(name, 0) != moved.get(name, 0)]
    left = Stock.objects.aggregate(sum=Sum("on_hand"))["sum"]
    opened = StockMovement.objects.filter(kind=StockMovement.Kind.OPENING).aggregate(sum=Sum("quantity"))[
        "sum"
    ]
    return [
        _line("sales counted (facts)", SaleFact.objects.count(), len(past)),
        _money("money in the facts", SaleFact.objects.aggregate(sum=Sum("total_minor"))["sum"], money),
        _money(
            "money in the hourly sums", HourlySales.objects.aggregate(sum=Sum("total_minor"))["sum"], money
        ),
        _line("stock used, grams, by recipe", sum(moved.values()) // 1_000, sum(used.values()) // 1_000),
        _line("ingredients that differ from the recipes", len(wrong), 0),
        _line("stock left, grams", left // 1_000, (opened - sum(used.values())) // 1_000),
        *_points(past),
    ]


def _points(past: Sequence[PastOrder]) -> list[Line]:
    earned = LoyaltyEntry.objects.aggregate(sum=Sum("points"), orders=Count("order", distinct=True))
    members = LoyaltyEntry.objects.filter(member__isnull=False).aggregate(sum=Sum("points"))["sum"]
    balances = LoyaltyBalance.objects.aggregate(sum=Sum("points"))["sum"]
    return [
        _line("orders that earned points", earned["orders"], len(past)),
        _line("points earned", earned["sum"], sum(_points_for(order.total_minor) for order in past)),
        _line("points on the members' balances", balances or 0, members or 0),
    ]


def _points_for(total_minor: int) -> int:
    """
    One point for each whole dollar without the included tax, worked out apart from the product's own arithmetic.
    """
    tax = (Fraction(total_minor) * SALES_TAX / (1 + SALES_TAX) + Fraction(1, 2)).__floor__()
    return (total_minor - tax) // 100


def _survived(destroyed: int) -> list[Line]:
    """
    What had to be put right on the way. There is no right number: it must only have happened and done no harm.
    """
    what = StepEvent.What
    found = {row["what"]: row["n"] for row in StepEvent.objects.values("what").annotate(n=Count("id"))}
    told = (
        ("attempts that failed and were tried again", found.get(what.FAILED, 0)),
        ("taken back from a killed worker", found.get(what.LEASE_LOST, 0)),
        ("messages destroyed in the broker", destroyed),
        ("sent again, for no worker took them", found.get(what.SENT_AGAIN, 0)),
    )
    return [Line(what=words, found=f"{number:,}", expected="any", ok=True) for words, number in told]


def _unknown_outcomes(step: str) -> int:
    lost = StepEvent.objects.filter(what=StepEvent.What.LEASE_LOST, step_run__step=menu.find(step).name)
    return lost.count()


def _line(what: str, found: int, expected: int) -> Line:
    return Line(what=what, found=f"{found:,}", expected=f"{expected:,}", ok=found == expected)


def _money(what: str, found: int | None, expected: int) -> Line:
    found = found or 0
    return Line(
        what=what, found=f"${found / 100:,.2f}", expected=f"${expected / 100:,.2f}", ok=found == expected
    )
