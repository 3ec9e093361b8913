"""
Admission: what is turned away before any operation sees it.
"""

import pytest
import requests

from devtools.till import RunningTill
from devtools.till.admission import LARGEST_BODY_BYTES
from devtools.till.tests.caller import Caller, error_of, order_body

JSON = {"Content-Type": "application/json"}


def post_raw(caller: Caller, body: bytes, headers: dict[str, str]) -> requests.Response:
    """Post any bytes to CreateOrder."""
    return caller.session.post(f"{caller.url}/v2/orders", data=body, headers=headers, timeout=10)


class TestAdmission:
    @pytest.mark.parametrize(
        "header", ["", "Bearer", "Bearer wrong", "Basic bG9jYWw6dGlsbA==", "Bearer tökén"]
    )
    def test_refuses_a_caller_without_the_right_token(
        self, till: RunningTill, caller: Caller, header: str
    ) -> None:
        caller.session.headers["Authorization"] = header.encode()

        answer = caller.post("/v2/orders", order_body())

        assert (answer.status_code, error_of(answer)["code"]) == (401, "UNAUTHORIZED")
        assert error_of(answer)["category"] == "AUTHENTICATION_ERROR"
        assert (till.counts().orders, till.requests()[0].outcome) == (0, "refused")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b'"order"',
            b'{"a": NaN}',
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"a": ' + b"1" * 5000 + b"}",
        ],
    )
    def test_refuses_what_is_not_one_json_object(
        self, till: RunningTill, caller: Caller, body: bytes
    ) -> None:
        answer = post_raw(caller, body, JSON)

        assert (answer.status_code, error_of(answer)["code"]) == (400, "EXPECTED_JSON_BODY")
        assert till.counts().requests == 1

    def test_refuses_another_content_type(self, caller: Caller) -> None:
        answer = post_raw(caller, b"{}", {"Content-Type": "text/plain"})

        assert (answer.status_code, error_of(answer)["code"]) == (400, "INVALID_CONTENT_TYPE")

    def test_refuses_a_body_that_is_too_large(self, till: RunningTill, caller: Caller) -> None:
        answer = post_raw(caller, b" " * (LARGEST_BODY_BYTES + 1), JSON)

        assert (answer.status_code, error_of(answer)["code"]) == (413, "REQUEST_ENTITY_TOO_LARGE")
        assert till.requests()[0].status == 413

    def test_accepts_a_version_and_repeats_it(self, caller: Caller) -> None:
        caller.session.headers["Square-Version"] = "2026-09-16"

        answer = caller.get("/v2/locations")

        assert (answer.status_code, answer.headers["Square-Version"]) == (200, "2026-09-16")

    def test_refuses_a_version_that_is_no_date(self, caller: Caller) -> None:
        caller.session.headers["Square-Version"] = "latest"

        answer = caller.get("/v2/locations")

        assert (answer.status_code, error_of(answer)["code"]) == (400, "INVALID_SQUARE_VERSION_FORMAT")

    def test_knows_no_other_endpoint(self, caller: Caller) -> None:
        answer = caller.post("/v2/refunds", {})

        assert (answer.status_code, error_of(answer)["code"]) == (404, "NOT_FOUND")

    def test_knows_no_other_method(self, caller: Caller) -> None:
        answer = caller.get("/v2/orders")

        assert (answer.status_code, error_of(answer)["code"]) == (405, "METHOD_NOT_ALLOWED")

    @pytest.mark.parametrize("path", ["/", "/_till/counts", "/v2/locations"])
    def test_turns_away_who_calls_it_by_a_foreign_name(self, caller: Caller, path: str) -> None:
        caller.session.headers["Host"] = "evil.example"

        assert caller.get(path).status_code == 403
