"""
Controls and the page: looking into the till.
"""

import pytest
import requests

from devtools.till import ImpossibleFaultError, RunningTill, TillClient
from devtools.till.tests.caller import Caller


class TestControls:
    def test_list_orders_by_their_reference(self, till: RunningTill, caller: Caller) -> None:
        for name in ("a", "b"):
            caller.order(key=name, reference_id=name)

        assert [ticket.reference_id for ticket in till.orders()] == ["b", "a"]
        assert [ticket.reference_id for ticket in till.orders(reference_id="a")] == ["a"]

    def test_count_everything(self, till: RunningTill, caller: Caller) -> None:
        order = caller.order()
        caller.order()
        caller.pay(order["id"])
        caller.get("/v2/orders/NOBODY")

        counts = till.counts()

        assert (counts.orders, counts.payments, counts.requests, counts.duplicates_answered) == (1, 1, 4, 1)

    def test_tell_every_request_and_what_became_of_it(self, till: RunningTill, caller: Caller) -> None:
        caller.order()
        caller.get("/v2/locations")

        read, kept = till.requests()

        assert (kept.path, kept.idempotency_key, kept.reference_id) == ("/v2/orders", "order-key", "R-1")
        assert (kept.outcome, kept.status) == ("kept", 200)
        assert (read.method, read.outcome) == ("GET", "read")

    def test_work_from_another_process_by_address_alone(self, till: RunningTill, caller: Caller) -> None:
        client = TillClient(till.url)

        client.break_down("server_error")

        assert caller.get("/v2/locations").status_code == 500
        client.mend()
        assert client.faults() == []
        client.close()

    @pytest.mark.parametrize(
        ("fault", "remedy"),
        [
            ({"mode": "hangg"}, "Did you mean hang?"),
            ({"mode": "hang", "time": 1}, "Did you mean times?"),
            ({}, "There are fail_before_effect"),
            ({"mode": "hang", "times": 0}, "above 0"),
            ({"mode": "html", "status": 404}, "Choose from (502, 200)"),
            ({"mode": "hang", "probability": 2}, "from 0 to 1"),
            ({"mode": "hang", "seconds": 1}, "Only slow"),
            ({"mode": "slow", "effect": True}, "Only hang"),
            ({"mode": "hang", "path": 1}, "Write a text"),
            ([], "A fault is an object"),
        ],
    )
    def test_refuse_a_fault_that_cannot_be_and_name_the_remedy(
        self, till: RunningTill, fault: object, remedy: str
    ) -> None:
        body = {"faults": [fault]}

        answer = requests.put(f"{till.url}/_till/faults", json=body, timeout=10)

        assert answer.status_code == 400
        assert remedy in answer.json()["error"]
        assert till.faults() == []

    def test_refuse_an_impossible_fault_before_anything_is_sent(self, till: RunningTill) -> None:
        with pytest.raises(ImpossibleFaultError, match="rate_limited"):
            till.break_down("rate_limited", status=500)


class TestPage:
    def test_shows_tickets_and_totals(self, till: RunningTill, caller: Caller) -> None:
        caller.order()
        till.break_down("refuse", reference_id="R-2", times=3)

        page = caller.get("/").text

        assert "R-1" in page
        assert "25.00 EUR" in page
        assert "refuse, for order R-2: struck 0 of 3" in page

    def test_escapes_what_callers_wrote_and_runs_no_scripts(self, caller: Caller) -> None:
        caller.order(reference_id="<script>alert(1)</script>")

        page = caller.get("/")

        assert "<script" not in page.text
        assert "&lt;script&gt;" in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]

    def test_says_so_when_nothing_has_come_yet(self, caller: Caller) -> None:
        assert "No order has come yet." in caller.get("/").text
