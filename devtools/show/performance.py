"""
The show itself, act by act.
"""

import secrets
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django has to be set up before models are imported
from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn  # noqa: E402

from devtools.mailbox import MailboxClient  # noqa: E402
from devtools.show import opening, pizza_place  # noqa: E402
from devtools.show.crew import LANES, Crew, free_port  # noqa: E402
from devtools.show.evening import Evening  # noqa: E402
from devtools.show.pizza_place import PastOrder  # noqa: E402
from devtools.show.reckoning import Books, open_step_runs, reckon  # noqa: E402
from devtools.show.screen import answers, saying, table  # noqa: E402
from devtools.show.stage import Stage  # noqa: E402
from devtools.show.trouble import Trouble  # noqa: E402
from devtools.stripe_sender import Delivery  # noqa: E402
from devtools.stripe_sender.delivery import Summary  # noqa: E402
from devtools.till import TillClient  # noqa: E402
from orders.models import Order  # noqa: E402
from pipeline.steps import Subject, menu  # noqa: E402
from rms_backend import embedding  # noqa: E402

SETTLES_WITHIN_SECONDS = 180
SETTLES_WITHIN_SECONDS_PER_ORDER = 0.1
LOOKS_EVERY_SECONDS = 0.3


class Performance:
    """
    One show. As a context manager it sends everybody home at the end.
    """

    def __init__(self, *, stage: Stage, screen: Console) -> None:
        self.screen = screen
        self.stage = stage
        self.crew = Crew(environment=stage.environment, logs=stage.home / "logs")
        self.port, self.flower_port = free_port(8000), free_port(5555)
        self.password = secrets.token_urlsafe(9)
        self.trouble: Trouble
        self.summary: Summary
        self.orders: list[Order] = []
        self.past: Sequence[PastOrder] = ()
        self._looked_at = 0.0
        self._told_tenths = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.screen.print("Sending everybody home …")
        self.crew.dismiss()
        connection.close()
        embedding.servers(settings.EMBEDDED_HOME).stop()

    # The acts

    def open(self) -> None:
        """
        Servers, tables, web, workers, beat and Flower; each is said as it comes up.
        """
        servers = embedding.servers(settings.EMBEDDED_HOME)
        with saying(self.screen, "PostgreSQL 18, Valkey 9, mailbox and till"):
            addresses = servers.ensure_running()
            till = TillClient(embedding.till_url(settings.EMBEDDED_HOME))
            mailbox = MailboxClient(embedding.mailbox(settings.EMBEDDED_HOME)["url"])
        with saying(self.screen, "database tables"):
            get_user_model().objects.create_superuser("manager", password=self.password)
        with saying(self.screen, f"web on port {self.port}, {len(LANES)} workers, beat, Flower"):
            self._start_everybody()
        self.trouble = Trouble(crew=self.crew, till=till, mailbox=mailbox, addresses=addresses)

    def serve(self, past: Sequence[PastOrder], *, lasts_seconds: float) -> None:
        """
        Place the orders, then let Stripe tell that they are paid, while things go wrong.
        """
        self.past = past
        with saying(
            self.screen, f"menu of {len(pizza_place.menu())} pizzas with recipes, {len(past):,} orders"
        ):
            restaurant, offer = opening.open_restaurant(pizza_place.orders())
            self.orders = opening.place(restaurant, offer, past)
        evening = Evening.of(self.orders, past, lasts_seconds=lasts_seconds)
        with self._progress() as bars:
            paying = bars.add_task("Stripe calls", total=len(evening.plan.deliveries))
            following = bars.add_task("follow-ups", total=len(self.orders) * len(menu.about(Subject.ORDER)))

            def heard(_delivery: Delivery) -> None:
                bars.advance(paying)
                self._say_in_a_log(bars, paying)
                for words in self.trouble.strike(bars.tasks[paying].percentage / 100):
                    bars.console.print(f"  [yellow]![/] {words}")
                self._show_follow_ups(bars, following)

            self.summary = evening.take_place(
                url=f"{self._web}/payments/webhooks/stripe/",
                secret=settings.STRIPE_WEBHOOK_SECRETS[0],
                heard=heard,
            )
            self._wait_until_at_rest(bars, following)

    def close(self) -> bool:
        """
        The table, the addresses and one plain sentence; True if nothing was lost and nothing doubled.
        """
        home = settings.EMBEDDED_HOME
        books = Books(mailbox=home / "mailbox" / "mailbox.sqlite3", till=home / "till" / "till.sqlite3")
        lines = reckon(past=self.past, books=books, summary=self.summary, destroyed=self.trouble.destroyed)
        self.screen.print(table(lines))
        self._say_where_to_look()
        wrong = [line.what for line in lines if not line.ok]
        if wrong:
            self.screen.print(f"[bold red]It does not add up:[/] {'; '.join(wrong)}.")
        else:
            count = len(self.orders)
            self.screen.print(
                f"[bold green]{count:,} orders paid, {count * len(menu.about(Subject.ORDER)):,} follow-ups done. Nothing lost, nothing doubled.[/]"
            )
        return not wrong

    def stay(self) -> None:
        """
        Leave everything on, to be looked at.
        """
        self.screen.print("Everything stays up. Press Ctrl-C to end it.")
        while True:
            time.sleep(3600)

    # Behind the scenes

    @property
    def _web(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _start_everybody(self) -> None:
        self.crew.start(
            "web", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
            "--workers", "2", "--blocking-threads", "1", "--no-ws", "rms_backend.wsgi:application",
        )  # fmt: skip
        for name in LANES:
            self.crew.start_worker(name)
        self.crew.start(
            "beat", "celery", "-A", "rms_backend", "beat", "--schedule", str(self.stage.home / "beat")
        )
        self.crew.start(
            "flower",
            "celery",
            "-A",
            "rms_backend",
            "flower",
            f"--port={self.flower_port}",
            "--address=127.0.0.1",
        )
        self.crew.wait_for("web", lambda: answers(f"{self._web}/admin/login/"))
        for name in LANES:
            self.crew.wait_for(name, lambda name=name: self.crew.says(name, "ready."))  # type: ignore[misc]
        self.crew.wait_for("flower", lambda: answers(f"http://127.0.0.1:{self.flower_port}/"))

    def _show_follow_ups(self, bars: Progress, task: TaskID) -> None:
        if time.monotonic() < self._looked_at + LOOKS_EVERY_SECONDS:
            return
        self._looked_at = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pipeline_steprun WHERE due_at IS NULL")
            bars.update(task, completed=cursor.fetchone()[0])

    def _say_in_a_log(self, bars: Progress, task: TaskID) -> None:
        # Bars move on a terminal only; a log gets a line for every tenth.
        tenth = int(bars.tasks[task].percentage // 10)
        if not self.screen.is_terminal and tenth > self._told_tenths:
            self._told_tenths = tenth
            self.screen.print(f"  … {tenth * 10} % of Stripe's calls")

    def _wait_until_at_rest(self, bars: Progress, task: TaskID) -> None:
        give_up_at = (
            time.monotonic() + SETTLES_WITHIN_SECONDS + SETTLES_WITHIN_SECONDS_PER_ORDER * len(self.orders)
        )
        while open_step_runs() and time.monotonic() < give_up_at:
            self._show_follow_ups(bars, task)
            time.sleep(0.25)
        self._looked_at = 0.0
        self._show_follow_ups(bars, task)

    def _say_where_to_look(self) -> None:
        box = embedding.mailbox(settings.EMBEDDED_HOME)
        for what, where in (
            ("console", f"{self._web}/admin/  (user manager, password {self.password})"),
            ("Flower", f"http://127.0.0.1:{self.flower_port}/"),
            ("mailbox", box["url"]),
            ("till", self.trouble.till.url),
            ("logs", str(self.crew.logs)),
        ):
            self.screen.print(f"  {what:8} {where}", soft_wrap=True)

    def _progress(self) -> Progress:
        return Progress(
            TextColumn("  {task.description:12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.screen,
        )
