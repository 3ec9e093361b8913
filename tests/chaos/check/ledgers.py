"""
What our own tables hold, counted by the order's reference, each by one statement.
"""

from collections import Counter
from dataclasses import dataclass

from pipeline.lost_leases import GONE_SENDING
from pipeline.queues import Queue
from pipeline.statements import execute, rows
from pipeline.steps import Subject, menu

PAYMENTS = "SELECT o.public_id::text, count(*) FROM orders_payment p JOIN orders_order o ON o.id = p.order_id GROUP BY 1"
SALES = "SELECT o.public_id::text, count(*) FROM analytics_salefact f JOIN orders_order o ON o.id = f.order_id GROUP BY 1"
POINTS = """
SELECT o.public_id::text, count(*) FROM loyalty_loyaltyentry e JOIN orders_order o ON o.id = e.order_id
 WHERE e.kind = 'earn' GROUP BY 1
"""
# An order took what its recipes say once when each line has each of its ingredients' movement: no more, no less.
STOCK = """
WITH wanted AS (
    SELECT line.order_id, count(*) AS movements
      FROM orders_orderline line JOIN orders_recipeline used ON used.recipe_id = line.recipe_id GROUP BY 1),
found AS (
    SELECT line.order_id, count(*) AS movements
      FROM inventory_stockmovement moved JOIN orders_orderline line ON line.id = moved.order_line_id
     WHERE moved.kind = 'sale' GROUP BY 1)
SELECT o.public_id::text,
       CASE WHEN found.movements = wanted.movements THEN 1 WHEN found.movements > wanted.movements THEN 2 ELSE 0 END
  FROM found JOIN wanted USING (order_id) JOIN orders_order o ON o.id = found.order_id
"""

REFUNDS = "SELECT stripe_id, count(*) FROM orders_refund GROUP BY 1"
REFUND_FACTS = """
SELECT refund.stripe_id, count(*) FROM analytics_refundfact fact JOIN orders_refund refund ON refund.id = fact.refund_id
 WHERE fact.kind = 'refund' GROUP BY 1
"""

# Whose points are all there, earned once and whatever went come again.
POINTS_KEPT = """
SELECT o.public_id::text, count(*) FILTER (WHERE e.kind = 'earn')
  FROM loyalty_loyaltyentry e JOIN orders_order o ON o.id = e.order_id
 GROUP BY 1 HAVING sum(e.points) = sum(e.points) FILTER (WHERE e.kind = 'earn')
"""

# Who did what became of each order, kept by the database itself: see I14.
WATCH_THE_ORDERS = (
    "CREATE TABLE chaos_turn (order_id bigint, was text, became text, at timestamptz DEFAULT clock_timestamp())",
    """
CREATE FUNCTION chaos_note_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO chaos_turn (order_id, was, became) VALUES (NEW.id, OLD.status, NEW.status); RETURN NEW; END $$
""",
    """
CREATE TRIGGER chaos_note_turn AFTER UPDATE OF status ON orders_order
   FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION chaos_note_turn()
""",
)

# Each event after which a letter's next attempt cannot know whether the one before arrived. A worker that was gone before
# it began to send excuses nothing.
UNKNOWN_OUTCOMES = """
SELECT run.step, CASE WHEN run.step = ANY(%(of_refunds)s) THEN refund.stripe_id ELSE o.public_id::text END,
       o.public_id::text, extract(epoch FROM event.at)::float
  FROM pipeline_stepevent event JOIN pipeline_steprun run ON run.id = event.step_run_id
  JOIN orders_order o ON o.id = run.order_id
  LEFT JOIN orders_refund refund ON refund.id = run.subject_id AND run.step = ANY(%(of_refunds)s)
 WHERE run.step = ANY(%(letters)s)
   AND (event.what = 'lease_lost' AND event.because = %(gone_sending)s
        OR event.what = 'failed' AND event.because LIKE 'MailAnswerLost%%')
"""
WHEN_AT_REST = """
SELECT o.public_id::text, extract(epoch FROM max(run.finished_at))::float
  FROM pipeline_steprun run JOIN orders_order o ON o.id = run.order_id GROUP BY 1 HAVING bool_and(run.due_at IS NULL)
"""
OPEN = "SELECT count(*) FROM pipeline_steprun WHERE due_at IS NOT NULL"
UNMATCHED = "SELECT count(*) FROM payments_stripeevent WHERE retry_at IS NOT NULL"
BURIED = """
SELECT run.step, o.public_id::text, run.because, run.attempts
  FROM pipeline_steprun run JOIN orders_order o ON o.id = run.order_id WHERE run.state = 'buried'
"""


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """
    One letter of which nobody knew at `at` (Unix time) whether it had arrived; `about` is the order or the refund.
    """

    step: str
    about: str
    order: str
    at: float


def watch_the_orders() -> None:
    """
    Let the database note every change of an order's status from now on.
    """
    for statement in WATCH_THE_ORDERS:
        execute(statement)


def counted(statement: str) -> Counter[str]:
    """
    How often each order is there.
    """
    return Counter(dict(rows(statement)))


def unknown_outcomes() -> dict[str, Counter[str]]:
    """
    By step of the letters: how often the outcome for each order (or refund, by Stripe's id) was unknown.
    """
    found: dict[str, Counter[str]] = {}
    for one in unknown_letters():
        found.setdefault(one.step, Counter())[one.about] += 1
    return found


def unknown_letters() -> list[Unknown]:
    """
    Every time that nobody could say whether a letter had arrived.
    """
    letters = [step for step in menu if step.queue is Queue.EMAILS]
    found = rows(
        UNKNOWN_OUTCOMES,
        letters=[step.name for step in letters],
        of_refunds=[step.name for step in letters if step.subject is not Subject.ORDER],
        gone_sending=GONE_SENDING,
    )
    return [Unknown(step=step, about=about, order=order, at=at) for step, about, order, at in found]


def still_open() -> int:
    """
    How many step runs, and events whose order was missing, want something yet.
    """
    return int(rows(OPEN)[0][0]) + int(rows(UNMATCHED)[0][0])


def at_rest_since() -> dict[str, float]:
    """
    When the last of an order's step runs came to rest (Unix time), by reference.
    """
    return dict(rows(WHEN_AT_REST))
