"""
SearchOrders: the only way to find an order whose id was never heard.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devtools.till import RunningTill, running_till
from devtools.till.tests.caller import Caller, error_of

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Clock:
    """A clock that a test can set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def till(tmp_path: Path, clock: Clock) -> Iterator[RunningTill]:
    with running_till(home=tmp_path, clock=clock, locations={"LMAIN": "EUR", "LPIER": "EUR"}) as running:
        yield running


@pytest.fixture
def day(caller: Caller, clock: Clock) -> list[str]:
    """Take one order each hour from noon, and give their references in that order."""
    references = [f"R-{hour}" for hour in range(5)]
    for hour, reference_id in enumerate(references):
        clock.now = NOON + timedelta(hours=hour)
        caller.order(key=reference_id, reference_id=reference_id)
    return references


def created(start_at: str | None = None, end_at: str | None = None) -> dict[str, Any]:
    """Write a query for a window of creation."""
    return {
        "filter": {"date_time_filter": {"created_at": {"start_at": start_at, "end_at": end_at}}},
        "sort": {"sort_field": "CREATED_AT", "sort_order": "ASC"},
    }


def found(caller: Caller, **body: Any) -> list[str]:
    """Search at LMAIN, and give the references found."""
    answer = caller.post("/v2/orders/search", {"location_ids": ["LMAIN"], **body})
    assert answer.status_code == 200, answer.text
    return [order["reference_id"] for order in answer.json()["orders"]]


class TestSearchOrders:
    def test_finds_the_newest_first(self, caller: Caller, day: list[str]) -> None:
        assert found(caller) == day[::-1]

    def test_finds_a_window_with_both_its_ends(self, caller: Caller, day: list[str]) -> None:
        query = created("2026-01-31T13:00:00Z", "2026-01-31T16:00:00+01:00")

        assert found(caller, query=query) == day[1:4]

    def test_finds_by_state(self, till: RunningTill, caller: Caller, day: list[str]) -> None:
        caller.pay(till.orders(reference_id="R-2")[0].id)

        assert found(caller, query={"filter": {"state_filter": {"states": ["COMPLETED"]}}}) == ["R-2"]
        assert len(found(caller, query={"filter": {"state_filter": {"states": ["OPEN"]}}})) == 4

    def test_finds_only_at_the_named_locations(self, caller: Caller, day: list[str]) -> None:
        caller.order(key="pier", reference_id="pier", location_id="LPIER")

        assert "pier" not in found(caller)
        assert "pier" in found(caller, location_ids=["LMAIN", "LPIER"])

    def test_finds_page_by_page_what_was_there_at_the_first_page(
        self, caller: Caller, clock: Clock, day: list[str]
    ) -> None:
        body: dict[str, Any] = {"location_ids": ["LMAIN"], "limit": 2, "query": created()}
        pages = [caller.post("/v2/orders/search", body).json()]
        clock.now += timedelta(minutes=1)
        caller.order(key="late", reference_id="late")

        while "cursor" in pages[-1]:
            pages.append(caller.post("/v2/orders/search", {**body, "cursor": pages[-1]["cursor"]}).json())

        references = [[order["reference_id"] for order in page["orders"]] for page in pages]
        assert references == [["R-0", "R-1"], ["R-2", "R-3"], ["R-4"]]

    def test_finds_entries_instead_of_orders(self, till: RunningTill, caller: Caller, day: list[str]) -> None:
        answer = caller.post(
            "/v2/orders/search", {"location_ids": ["LMAIN"], "return_entries": True, "limit": 1}
        )

        newest = till.orders()[0]
        assert answer.json()["order_entries"] == [
            {"order_id": newest.id, "version": 1, "location_id": "LMAIN"}
        ]

    @pytest.mark.parametrize(
        ("body", "code", "field"),
        [
            ({"location_ids": []}, "ARRAY_EMPTY", "location_ids"),
            ({"location_ids": None}, "MISSING_REQUIRED_PARAMETER", "location_ids"),
            ({"location_ids": ["LMOON"]}, "INVALID_LOCATION", "location_ids[0]"),
            ({"limit": 0}, "VALUE_TOO_LOW", "limit"),
            ({"limit": 1001}, "VALUE_TOO_HIGH", "limit"),
            ({"cursor": "never heard"}, "INVALID_CURSOR", "cursor"),
            ({"cursor": "e30="}, "INVALID_CURSOR", "cursor"),
            (
                {"query": {"filter": {"reference_id": "R-1"}}},
                "UNKNOWN_BODY_PARAMETER",
                "query.filter.reference_id",
            ),
            (
                {"query": created("yesterday")},
                "INVALID_TIME",
                "query.filter.date_time_filter.created_at.start_at",
            ),
            (
                {"query": {**created(), "sort": {"sort_field": "CLOSED_AT"}}},
                "BAD_REQUEST",
                "query.sort.sort_field",
            ),
        ],
    )
    def test_refuses_a_question_square_would_not_answer(
        self, caller: Caller, body: dict[str, Any], code: str, field: str
    ) -> None:
        answer = caller.post("/v2/orders/search", {"location_ids": ["LMAIN"], **body})

        assert answer.status_code == 400
        assert (error_of(answer)["code"], error_of(answer)["field"]) == (code, field)

    def test_refuses_the_cursor_of_another_query(self, caller: Caller, day: list[str]) -> None:
        first = caller.post("/v2/orders/search", {"location_ids": ["LMAIN"], "limit": 1}).json()

        other = {"location_ids": ["LMAIN"], "query": created(), "cursor": first["cursor"]}
        answer = caller.post("/v2/orders/search", other)

        assert error_of(answer)["code"] == "INVALID_CURSOR"
