"""
A real till for tests, spoken to over HTTP, and a server that gives any answer.
"""

import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from django.db.models.functions import Now
from django.test import TestCase, override_settings

from devtools.till import RunningTill, running_till
from orders.models import Order
from orders.testing import make_order
from pipeline.steps import Attempt, Report
from pos.answers import Document
from pos.client import Visit
from pos.models import Ticket
from pos.tickets import tickets

LOCATIONS = {"LROMA": "USD", "LTOKYO": "JPY"}
TOKEN = "token-of-the-tests"


class TillTestCase(TestCase):
    """
    Tests with a till at their side, empty and in order at the beginning of each.
    """

    till: RunningTill

    def setUp(self) -> None:
        home = self.enterContext(tempfile.TemporaryDirectory())
        self.till = self.enterContext(running_till(home=Path(home), token=TOKEN, locations=LOCATIONS))
        self.enterContext(override_settings(SQUARE_BASE_URL=self.till.url, SQUARE_ACCESS_TOKEN=TOKEN))

    def send(self, order: Order, *, number: int = 1, outcome_unknown: bool = False) -> Report:
        """
        Pack and send one order, as one attempt of the step does; it was paid this moment unless it was sent before.
        """
        Order.objects.filter(pk=order.pk, ticket__isnull=True).update(paid_at=Now())
        attempt = Attempt(
            subject_id=order.pk, order_id=order.pk, number=number, outcome_unknown=outcome_unknown
        )
        return tickets(order_ids=[order.pk])[order.pk].send(attempt)

    def rung_up(self, **changes: Any) -> Document:
        """
        Place an order, send it, and give what the till holds of it.
        """
        return self.at_till(self.send(make_order(**changes)))

    def at_till(self, report: Report) -> Document:
        order: Document = Visit.begin().get(f"/v2/orders/{report['pos_order_id']}")["order"]
        return order

    def requests_for(self, path: str) -> int:
        return sum(visit.path == path for visit in self.till.requests())

    def forget_keys(self) -> None:
        """
        Let the till forget every idempotency key, as Square does some day.
        """
        with closing(sqlite3.connect(self.till.home / "till.sqlite3", timeout=5)) as ledger, ledger:
            ledger.execute("DELETE FROM keys")
            ledger.execute("UPDATE orders SET idempotency_key = NULL")


def make_older(order: Order, *, hours: int) -> None:
    """
    Let time pass since the order was paid and first packed.
    """
    then = Now() - timedelta(hours=hours)
    Ticket.objects.filter(order=order).update(created_at=then)
    Order.objects.filter(pk=order.pk).update(paid_at=then)


@contextmanager
def strange_server(status: int, content: bytes, **headers: str) -> Iterator[str]:
    """
    A server that says the same to everybody; gives its address.
    """

    class Same(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            """
            Say nothing.
            """

    with HTTPServer(("127.0.0.1", 0), Same) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
