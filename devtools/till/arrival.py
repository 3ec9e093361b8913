"""
A request as it comes in, read leniently: even a broken one is recorded and can be struck by a fault.
"""

from dataclasses import dataclass
from typing import Any

from tornado.httputil import HTTPServerRequest

from devtools.till.documents import Document, NotADocumentError, document_from
from devtools.till.ledger import Ledger
from devtools.till.place import Till
from devtools.till.visits import record_visit

LONGEST_RECORDED = 192
LONGEST_RECORDED_PATH = 500


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """The number of a request in the till's books, and the order it is about as far as one can see."""

    number: int
    reference_id: str | None


def hear(till: Till, request: HTTPServerRequest, *, named: str) -> Arrival:
    """Record that a request has come, before anything is done about it."""
    body = _lenient_body(request)
    reference_id = _reference_of(till.ledger, body, named=named)
    number = record_visit(
        till.ledger,
        at=till.clock(),
        method=str(request.method),
        path=request.path[:LONGEST_RECORDED_PATH],
        key=_recordable(body.get("idempotency_key")),
        reference_id=reference_id,
    )
    return Arrival(number=number, reference_id=reference_id)


def _lenient_body(request: HTTPServerRequest) -> Document:
    try:
        return document_from(request.body)
    except NotADocumentError:
        return {}  # whether that is an error is said later, by the admission


def _reference_of(ledger: Ledger, body: Document, *, named: str) -> str | None:
    order = body.get("order")
    told = order.get("reference_id") if isinstance(order, dict) else body.get("reference_id")
    order_id = _recordable(body.get("order_id")) or named
    if told is not None or not order_id:
        return _recordable(told)
    row = ledger.connection.execute("SELECT reference_id FROM orders WHERE id = ?", (order_id,)).fetchone()
    return None if row is None else row["reference_id"]


def _recordable(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return value[:LONGEST_RECORDED].encode(errors="replace").decode()
