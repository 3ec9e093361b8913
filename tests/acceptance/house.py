"""
A whole house for acceptance tests: servers, web and workers as real processes, a mailbox and a till that keep their
own truth.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import redis
from django.db import OperationalError, connection
from django.db.models import Count, Sum
from django.db.models.functions import Now

from analytics.models import HourlySales, SaleFact
from devtools.mailbox import MailboxClient
from devtools.show.crew import Crew, any_free_port
from devtools.stripe_sender import Sale, Sender, events
from devtools.till import TillClient
from embedded import Addresses, Servers
from inventory.models import Stock, StockMovement
from loyalty.models import LoyaltyBalance, LoyaltyEntry
from orders.models import Order, OrderLine, OrderStatus, Payment
from orders.testing import make_menu, make_order, make_restaurant
from pipeline.models import AT_REST, State, StepRun
from pipeline.steps import Subject, menu
from tests.isolation import ROOT

SECRET = "whsec_acceptance"
PATIENCE_SECONDS = 90
LEASE_SECONDS = 30  # of a step that says nothing else
RETRY_TIME_SCALE = "0.02"


@dataclass
class House:
    """
    Everything that runs, and the ways to look at it, to break it and to mend it.
    """

    servers: Servers
    addresses: Addresses
    mailbox: MailboxClient
    till: TillClient
    crew: Crew
    port: int  # of the web application to which payments are delivered
    ports: dict[str, int] = field(default_factory=dict)

    @classmethod
    def environment(cls, *, home: Path, mailbox: MailboxClient, till: Any) -> dict[str, str]:
        """
        What the processes of the house are told.
        """
        return {
            "RMS_ISOLATED": "1",
            "ISOLATED_EMBEDDED_HOME": str(home),
            "ISOLATED_EMAIL_HOST": mailbox.smtp_host,
            "ISOLATED_EMAIL_PORT": str(mailbox.smtp_port),
            "ISOLATED_EMAIL_USE_TLS": "0",
            "ISOLATED_SQUARE_BASE_URL": till.url,
            "ISOLATED_SQUARE_ACCESS_TOKEN": till.token,
            "ISOLATED_STRIPE_WEBHOOK_SECRETS": SECRET,
            "ISOLATED_RETRY_TIME_SCALE": RETRY_TIME_SCALE,
        }

    # Processes

    def start_web(self, name: str = "web", **environment: str) -> None:
        """
        The web application; from now on payments are delivered to this one.
        """
        # Not a fixed one: granian shares its port with whoever asks, so two houses would share their guests.
        self.port = self.ports[name] = any_free_port()
        # What an earlier one said tells nothing about this one.
        (self.crew.logs / f"{name}.log").unlink(missing_ok=True)
        with self.told(**environment):
            self._start_web(name)
        # All of them: granian leaves behind a worker that was still starting when it is told to end.
        started = ("Started worker-1", "Started worker-2")
        self.crew.wait_for(name, lambda: all(self.crew.says(name, words) for words in started))

    def _start_web(self, name: str) -> None:
        self.crew.start(
            name, "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
            "--workers", "2", "--blocking-threads", "2", "rms_backend.wsgi:application",
        )  # fmt: skip

    def start_worker(self, name: str = "worker", *options: str, **environment: str) -> None:
        """
        One plain worker, which is a complete system; with options and an environment of its own where they are given.
        """
        (self.crew.logs / f"{name}.log").unlink(missing_ok=True)
        with self.told(**environment):
            self.crew.start(
                name,
                "celery",
                "-A",
                "rms_backend",
                "worker",
                "--loglevel=info",
                f"--hostname={name}@%h",
                *(options or ("--concurrency=4",)),
            )
        self.crew.wait_for(name, lambda: self.crew.says(name, "ready."))

    @contextmanager
    def told(self, **environment: str) -> Iterator[None]:
        """
        What is started inside the block is told this, too.
        """
        before = self.crew.environment
        self.crew.environment = {**before, **environment}
        try:
            yield
        finally:
            self.crew.environment = before

    def kill_worker(self, name: str = "worker") -> None:
        self.crew.kill(name)

    def stop(self, name: str) -> None:
        process = self.crew.running.pop(name)
        process.terminate()
        process.wait(30)

    def shell(self, code: str) -> str:
        """
        Carry out these lines in `manage.py shell`, as a person would, and return what they print.
        """
        done = self.manage("shell", "--no-imports", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def manage(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """
        `manage.py` with these words, in this house.
        """
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env={**self.crew.told(), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )

    # Orders

    def orders(self, count: int) -> list[Order]:
        restaurant = make_restaurant(pos_location="LMAIN")
        make_menu(restaurant)
        return [
            make_order(
                restaurant=restaurant, paid=False, customer_email=f"guest{n}@example.com", member=n % 3 == 1
            )
            for n in range(count)
        ]

    def pay(self, orders: Iterable[Order], *, until_accepted: float = 60) -> list[int | None]:
        """
        Deliver the payment of each order as stubbornly as Stripe does; returns the status of every delivery.
        """
        from devtools.stripe_sender import make_plan  # noqa: PLC0415 - keeps the name out of the module's face

        heard: list[int | None] = []
        paying = [events.payment_intent_succeeded(sale(order)) for order in orders]
        with self.sender() as sender:
            sender.deliver(
                make_plan(paying),
                concurrency=4,
                on_delivery=lambda d: heard.append(d.status),
                until_accepted=until_accepted,
            )
        return heard

    def sender(self, **how: Any) -> Sender:
        return Sender(f"http://127.0.0.1:{self.port}/payments/webhooks/stripe/", secrets=[SECRET], **how)

    # Faults

    def flush_broker(self) -> None:
        with self.broker() as broker:
            broker.flushall()

    def broker(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=self.addresses.broker_socket, password=self.addresses.broker_password
        )

    def end_leases(self, *, claimed_before_seconds: float = 0) -> None:
        """
        Let the time pass that is left to workers which are gone: those whose lease began so long ago.
        """
        running = StepRun.objects.filter(state=State.RUNNING)
        if claimed_before_seconds:
            left = timedelta(seconds=LEASE_SECONDS - claimed_before_seconds)
            running = running.filter(due_at__lt=Now() + left)
        running.update(due_at="2026-01-01T00:00:00Z")

    # What became of it

    def letters(self, order: Order, kind: str) -> int:
        """
        How many letters of this kind came about the order.
        """
        return len(self.mailbox.messages(message_id=message_id(order.public_id, kind)))

    def wait_until_at_rest(
        self, orders: Sequence[Order], *, steps: int | None = None, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        wanted = len(orders) * (steps or len(menu.about(Subject.ORDER)))
        ids = [order.pk for order in orders]

        def at_rest() -> bool:
            return StepRun.objects.filter(order_id__in=ids, state__in=AT_REST).count() == wanted

        self.wait_for(at_rest, lambda: f"not at rest: {states(ids)}", patience_seconds=patience_seconds)

    def wait_for(
        self,
        wanted: Callable[[], bool],
        otherwise: Callable[[], str],
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        give_up_at = time.monotonic() + patience_seconds
        while not patiently(wanted):
            assert time.monotonic() < give_up_at, otherwise()
            time.sleep(0.05)

    def assert_each_step_happened_once(
        self, orders: Sequence[Order], *, letters_twice_at_most: int = 0
    ) -> None:
        """
        Every effect exactly once, counted where it shows; a letter may come twice where its outcome was unknown.
        """
        ids = [order.pk for order in orders]
        keys = {str(order.public_id) for order in orders}
        assert states(ids) == {State.DONE: len(ids) * len(menu.about(Subject.ORDER))}
        assert set(Order.objects.filter(pk__in=ids).values_list("status", flat=True)) == {OrderStatus.PAID}
        assert Payment.objects.filter(order__in=ids).count() == len(ids)
        assert SaleFact.objects.filter(order__in=ids).count() == len(ids)
        assert LoyaltyEntry.objects.filter(order__in=ids).count() == len(ids)
        lines = OrderLine.objects.filter(order__in=ids).count()
        assert StockMovement.objects.filter(order_line__order__in=ids).count() == lines * 2
        assert_sums_are_those_of_their_parts()
        self._assert_till(keys)
        for kind in ("confirmation", "staff"):
            self._assert_letters(kind, keys, letters_twice_at_most)

    def _assert_till(self, keys: set[str]) -> None:
        tickets = [ticket for ticket in self.till.orders() if ticket.reference_id in keys]
        assert len(tickets) == len(keys), f"{len(tickets)} tickets for {len(keys)} orders"
        assert {ticket.reference_id for ticket in tickets} == keys
        assert all(ticket.paid for ticket in tickets)

    def _assert_letters(self, kind: str, keys: set[str], twice_at_most: int) -> None:
        came = Counter(letter.message_id for letter in self.mailbox.messages())
        wanted = {message_id(key, kind) for key in keys}
        ours = {message_id: count for message_id, count in came.items() if message_id in wanted}
        assert set(ours) == wanted, f"{len(wanted - set(ours))} {kind} letters are lost"
        copies = sum(ours.values()) - len(wanted)
        assert copies <= twice_at_most, f"{copies} {kind} letters came twice"
        if copies:
            print(f"{copies} {kind} letters came twice: their outcome was unknown")  # noqa: T201 - the count is promised


def assert_sums_are_those_of_their_parts() -> None:
    """
    Balances, stock and hourly sales, which no unique key protects, add up to exactly what explains them.
    """
    earned = (
        LoyaltyEntry.objects.filter(member__isnull=False).values_list("member").annotate(sum=Sum("points"))
    )
    assert dict(LoyaltyBalance.objects.values_list("member", "points")) == dict(earned)
    moved = StockMovement.objects.values_list("ingredient").annotate(sum=Sum("quantity"))
    assert dict(Stock.objects.values_list("ingredient", "on_hand")) == dict(moved)
    facts = SaleFact.objects.aggregate(sum=Sum("total_minor"), items=Sum("items"), orders=Count("order"))
    hours = HourlySales.objects.aggregate(sum=Sum("total_minor"), items=Sum("items"), orders=Sum("orders"))
    assert hours == facts


def sale(order: Order, **changes: Any) -> Sale:
    """
    The sale that pays exactly this order.
    """
    paid = {"order_reference": str(order.public_id), "amount": order.total_minor, "currency": order.currency}
    return Sale.of(**{**paid, **changes})


def message_id(reference: object, kind: str) -> str:
    """
    The Message-ID that each letter about an order must carry.
    """
    return f"<order-{reference}.{kind}@localhost.localdomain>"


def promise_extra_step(orders: Sequence[Order], *, step: str) -> None:
    """
    What a process with the longer menu would have promised.
    """
    StepRun.objects.bulk_create(
        StepRun(step=step, subject_id=order.pk, order_id=order.pk, lane="default", due_at=order.placed_at)
        for order in orders
    )


def states(order_ids: Sequence[int]) -> dict[str, int]:
    """
    How many step runs of these orders are in which state.
    """
    return dict(Counter(StepRun.objects.filter(order_id__in=order_ids).values_list("state", flat=True)))


def patiently(wanted: Callable[[], bool]) -> bool:
    """
    Ask, and take a server that is being restarted for a no.
    """
    try:
        return wanted()
    except OperationalError:
        connection.close()
        return False


def answers(url: str) -> bool:
    """
    Does somebody answer there, and well?
    """
    try:
        with urlopen(url, timeout=5):
            return True
    except OSError:
        return False


def path_of_home(base: Path) -> Path:
    """
    A short home: Unix sockets have short names.
    """
    return base / f"house-{os.getpid()}"
