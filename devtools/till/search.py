"""
SearchOrders: by location, time and state, page by page - and, as at Square, never by reference_id.
"""

import base64
import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from devtools.till.documents import Answer, Document, fingerprint
from devtools.till.place import Call, Till
from devtools.till.refusals import RequestRefusedError, bad_request
from devtools.till.request_shapes import SEARCH_ORDERS
from devtools.till.schema import check
from devtools.till.times import parse_moment, written

PAGE_SIZE = 500
HIGHEST_SEQ = 2**53


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """Where a page ended, which query it belongs to, and when that query was first asked."""

    query: str
    until: str
    at: str
    seq: int

    def as_text(self) -> str:
        """Write the cursor as the caller carries it; only the till can read it."""
        return base64.urlsafe_b64encode(json.dumps(vars(self)).encode()).decode()


def search_orders(till: Till, call: Call) -> Answer:
    """Find one page of the orders that match."""
    body = check(call.body, SEARCH_ORDERS)
    for place, location_id in enumerate(body["location_ids"]):
        till.currency_of(location_id, field=f"location_ids[{place}]")
    field, direction = _sorting(body)
    query = fingerprint({name: part for name, part in body.items() if name not in ("cursor", "limit")})
    cursor = _cursor_from(body.get("cursor"), query=query)
    until = written(call.now) if cursor is None else cursor.until
    limit = body.get("limit", PAGE_SIZE)
    conditions, values = _conditions(body, field, until=until)
    if cursor is not None:
        conditions.append(f"({field}, seq) {'<' if direction == 'DESC' else '>'} (?, ?)")
        values += [cursor.at, cursor.seq]
    rows = till.ledger.connection.execute(
        f"SELECT seq, {field} AS at, document FROM orders WHERE {' AND '.join(conditions)}"
        f" ORDER BY {field} {direction}, seq {direction} LIMIT ?",
        [*values, limit + 1],
    ).fetchall()
    return Answer(document=_page(body, rows, limit=limit, query=query, until=until), outcome="read")


def _sorting(body: Document) -> tuple[str, str]:
    sort = body.get("query", {}).get("sort", {})
    field = sort.get("sort_field", "CREATED_AT").lower()
    asked = body.get("query", {}).get("filter", {}).get("date_time_filter", {})
    if len(asked) > 1:
        raise bad_request("Filter by one time range only.", field="query.filter.date_time_filter")
    if asked and field not in asked:
        detail = "sort_field must be the field that date_time_filter filters by."
        raise bad_request(detail, field="query.sort.sort_field")
    return field, sort.get("sort_order", "DESC")


def _conditions(body: Document, field: str, *, until: str) -> tuple[list[str], list[Any]]:
    asked = body.get("query", {}).get("filter", {})
    window = asked.get("date_time_filter", {}).get(field, {})
    places = body["location_ids"]
    conditions = [f"location_id IN ({', '.join('?' * len(places))})", f"{field} <= ?"]
    values = [*places, written(parse_moment(window["end_at"])) if "end_at" in window else until]
    if "start_at" in window:
        conditions.append(f"{field} >= ?")
        values.append(written(parse_moment(window["start_at"])))
    states = asked.get("state_filter", {}).get("states", [])
    if states:
        conditions.append(f"state IN ({', '.join('?' * len(states))})")
        values += states
    return conditions, values


def _cursor_from(text: str | None, *, query: str) -> Cursor | None:
    if text is None:
        return None
    try:
        told = json.loads(base64.b64decode(text, altchars=b"-_", validate=True))
        cursor = Cursor(
            query=told["query"],
            until=written(parse_moment(told["until"])),
            at=written(parse_moment(told["at"])),
            seq=min(int(told["seq"]), HIGHEST_SEQ),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise _invalid_cursor("The cursor is none of this till's.") from error
    if cursor.query != query:
        raise _invalid_cursor("The cursor belongs to another query.")
    return cursor


def _invalid_cursor(detail: str) -> RequestRefusedError:
    return bad_request(detail, code="INVALID_CURSOR", field="cursor")


def _page(body: Document, rows: list[sqlite3.Row], *, limit: int, query: str, until: str) -> Document:
    orders = [json.loads(row["document"]) for row in rows[:limit]]
    page: Document = {"orders": orders}
    if body.get("return_entries", False):
        entries = [
            {"order_id": order["id"], "version": order["version"], "location_id": order["location_id"]}
            for order in orders
        ]
        page = {"order_entries": entries}
    if len(rows) > limit:
        last = rows[limit - 1]
        page["cursor"] = Cursor(query=query, until=until, at=last["at"], seq=last["seq"]).as_text()
    return page
