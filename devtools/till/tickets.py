"""
Tickets and counts: what the till holds, for tests and for people.
"""

from dataclasses import dataclass

from devtools.till.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """
    One order in the till.

    `total` includes the `tip` once the order is paid; `requests` counts every CreateOrder that came with its key,
    whatever became of it; `fulfillment` is how the kitchen stands with it, None where it has nothing to hand out.
    """

    id: str
    reference_id: str | None
    location_id: str
    state: str
    total: int
    tip: int
    currency: str
    created_at: str
    requests: int
    paid: bool
    fulfillment: str | None = None

    @property
    def canceled(self) -> bool:
        """Is the kitchen told not to cook it (any more)?"""
        return "CANCELED" in (self.state, self.fulfillment)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How much the till holds; `duplicates_answered` are the repeats that got the first answer again."""

    orders: int
    payments: int
    requests: int
    duplicates_answered: int


TICKETS = """
SELECT id, reference_id, location_id, state, total, tip, currency, created_at,
       CASE WHEN idempotency_key IS NULL THEN 1 ELSE (
           SELECT count(*) FROM requests
           WHERE requests.idempotency_key = orders.idempotency_key AND path = '/v2/orders'
       ) END AS requests,
       EXISTS (SELECT 1 FROM payments WHERE payments.order_id = orders.id) AS paid,
       json_extract(document, '$.fulfillments[0].state') AS fulfillment
FROM orders
WHERE :reference_id IS NULL OR reference_id = :reference_id
ORDER BY seq DESC
LIMIT :limit
"""

# Rows are never deleted, so the highest number is the count, and asking stays cheap however long the till runs.
COUNTS = """
SELECT (SELECT coalesce(max(seq), 0) FROM orders) AS orders,
       (SELECT coalesce(max(seq), 0) FROM payments) AS payments,
       (SELECT coalesce(max(seq), 0) FROM requests) AS requests,
       (SELECT count(*) FROM requests WHERE outcome = 'duplicate' AND status IS NOT NULL)
           AS duplicates_answered
"""


def latest_tickets(ledger: Ledger, *, reference_id: str | None = None, limit: int = -1) -> list[Ticket]:
    """List the orders the till holds, newest first; -1 means all of them."""
    rows = ledger.connection.execute(TICKETS, {"reference_id": reference_id, "limit": limit})
    return [Ticket(**{**dict(row), "paid": bool(row["paid"])}) for row in rows]


def counts(ledger: Ledger) -> Counts:
    """Count what the till holds."""
    return Counts(**dict(ledger.connection.execute(COUNTS).fetchone()))


def totals(ledger: Ledger) -> list[tuple[str, int, int, int]]:
    """Be, for each currency: its name, its orders, their total, and how many of them are paid."""
    rows = ledger.connection.execute(
        "SELECT currency, count(*) AS orders, sum(total) AS total, count(payments.seq) AS paid FROM ("
        "SELECT id, currency, total FROM orders) AS held LEFT JOIN (SELECT seq, order_id FROM payments)"
        " AS payments ON payments.order_id = held.id GROUP BY currency ORDER BY currency"
    )
    return [tuple(row) for row in rows]
