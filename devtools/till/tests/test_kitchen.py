"""
The kitchen: what people do to an order at the till itself; and a file from before they could cancel one.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import requests

from devtools.till import RunningTill, running_till
from devtools.till.client import ControlRefusedError
from devtools.till.ledger import FILE_NAME, TABLES
from devtools.till.tests.caller import Caller
from devtools.till.tests.test_orders import PICKUP
from devtools.till.tests.test_updates import now, updated


class TestTheKitchen:
    def test_moves_on_and_completes_what_is_paid(self, till: RunningTill, caller: Caller) -> None:
        order = caller.order(fulfillments=[PICKUP])
        caller.pay(order["id"])

        till.move_fulfillment(order["id"], "PREPARED")
        prepared = now(caller, order)
        till.move_fulfillment(order["id"], "COMPLETED")
        handed_out = now(caller, order)

        assert (prepared["fulfillments"][0]["state"], prepared["state"]) == ("PREPARED", "OPEN")
        assert prepared["version"] == 3
        assert (handed_out["fulfillments"][0]["state"], handed_out["state"]) == ("COMPLETED", "COMPLETED")

    def test_never_goes_back(self, till: RunningTill, caller: Caller) -> None:
        order = caller.order(fulfillments=[PICKUP])
        till.move_fulfillment(order["id"], "PREPARED")

        with pytest.raises(ControlRefusedError, match="PREPARED cannot become RESERVED"):
            till.move_fulfillment(order["id"], "RESERVED")
        till.move_fulfillment(order["id"], "CANCELED")
        with pytest.raises(ControlRefusedError, match="CANCELED cannot become PREPARED"):
            till.move_fulfillment(order["id"], "PREPARED")

    def test_has_nothing_to_do_with_an_order_eaten_here(self, till: RunningTill, caller: Caller) -> None:
        with pytest.raises(ControlRefusedError, match="no fulfillment"):
            till.move_fulfillment(caller.order()["id"], "PREPARED")

    def test_is_shown_on_the_page(self, till: RunningTill, caller: Caller) -> None:
        for key in ("a", "b"):
            order = caller.order(key=key, fulfillments=[PICKUP])
        till.move_fulfillment(order["id"], "CANCELED")

        page = requests.get(till.url, timeout=10).text

        assert '<td class="canceled">CANCELED</td>' in page
        assert "<td>proposed</td>" in page


class TestAFileFromBefore:
    def test_keeps_its_orders_and_lets_them_be_canceled(self, tmp_path: Path) -> None:
        with running_till(home=tmp_path) as till:
            caller = Caller(till.url, till.token)
            order = caller.order()
            caller.pay(caller.order(key="paid")["id"])
        forget_the_state(tmp_path / FILE_NAME)

        with running_till(home=tmp_path) as till:
            after = updated(Caller(till.url, till.token), order, state="CANCELED")
            counts = till.counts()

        assert after["state"] == "CANCELED"
        assert (counts.orders, counts.payments) == (2, 1)


def forget_the_state(file: Path) -> None:
    """Turn a till's file back into one whose orders know two states only, its rows and indexes as they were."""
    old = (
        TABLES.replace(", 'CANCELED'", "").partition("CREATE INDEX")[0].replace("EXISTS orders", "EXISTS old")
    )
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.executescript(f"{old}; INSERT INTO old SELECT * FROM orders; DROP TABLE orders")
        connection.execute("ALTER TABLE old RENAME TO orders")
        made = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'orders'").fetchone()[0]
    assert "CANCELED" not in made
