"""
Years of orders: real orders that went all the way, multiplied with everything they left behind.

So each table grows in its own proportion. Ids move up by a stride per copy, texts that must be unique get the copy's
number, and times move back, so that the first copy is the oldest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.place import Place
from pipeline.models import StepEvent, StepRun
from pipeline.statements import execute, rows

DAYS = 500
COPIES_AT_ONCE = 100
# Of a hundred step runs three needed a second attempt: two lines of history each.
EVERY = 33

# By table: the columns that name something which is copied, too, and the texts that are unique.
COPIED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "orders_customer": (("id",), ("email",)),
    "orders_order": (("id", "customer_id"), ()),
    "orders_orderline": (("id", "order_id"), ()),
    "orders_ordertax": (("id", "order_id"), ()),
    "orders_payment": (("id", "order_id"), ("payment_intent",)),
    "orders_charge": ((), ("stripe_id", "payment_intent")),
    "payments_stripeevent": (("order_id",), ("event_id", "object_id")),
    "pipeline_steprun": (("id", "subject_id", "order_id"), ()),
    "pipeline_stepevent": (("id", "step_run_id", "order_id"), ()),
    "pos_ticket": (("order_id",), ("idempotency_key",)),
    "analytics_salefact": (("order_id",), ()),
    "loyalty_loyaltyentry": (("id", "order_id", "member_id"), ()),
    "loyalty_loyaltybalance": (("member_id",), ()),
    "inventory_stockmovement": (("id", "order_line_id"), ()),
}
LONGEST_KEY = 45  # pos_ticket.idempotency_key
COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name = %(table)s ORDER BY ordinal_position
"""
SEQUENCE = "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"

# The failures that were added to the template are not of today: the watch has nothing to say.
NOT_LATELY = """
UPDATE pipeline_stepevent SET at = at - make_interval(days => %(days)s) WHERE id < %(stride)s
"""


@dataclass(frozen=True, kw_only=True)
class Template:
    """
    The rows that are multiplied: everything that is in the database now. `stride` is above each of their ids.
    """

    runs: int
    stride: int

    @classmethod
    def of_what_is_there(cls) -> "Template":
        """
        Everything there is, with a few failed attempts added to the history.
        """
        runs = list(StepRun.objects.order_by("id"))
        StepEvent.objects.bulk_create(
            StepEvent(step_run=run, order_id=run.order_id, attempt=attempt, what=what)
            for run in runs[::EVERY]
            for attempt, what in ((1, StepEvent.What.FAILED), (2, StepEvent.What.RECOVERED))
        )
        highest = max(
            rows(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0]  # noqa: S608 - our own words
            for table, (ids_, _) in COPIED.items()
            if "id" in ids_
        )
        return cls(runs=len(runs), stride=highest + 1)


def multiply(template: Template, *, runs: int) -> int:
    """
    Copy the template until there are about so many step runs; returns how many there are.
    """
    copies = max(1, runs // template.runs)
    execute("SET session_replication_role = replica")  # what is copied needs no checking
    execute("SET synchronous_commit = off")
    execute("SET statement_timeout = 0")
    for table in COPIED:
        statement = _copy(table)
        for first in range(1, copies + 1, COPIES_AT_ONCE):
            last = min(first + COPIES_AT_ONCE - 1, copies)
            execute(statement, first=first, last=last, copies=copies, stride=template.stride, days=DAYS)
    execute(NOT_LATELY, stride=template.stride, days=DAYS)
    for table, (ids, _) in COPIED.items():
        if "id" in ids:
            rows(SEQUENCE.format(table=table))
    return int(rows("SELECT count(*) FROM pipeline_steprun")[0][0])


def settle(place: Place) -> None:
    """
    Tidy up as autovacuum would have, and write down what is not written.
    """
    execute("SET statement_timeout = 0")
    execute("VACUUM (ANALYZE)")
    place.do("CHECKPOINT")


def _copy(table: str) -> str:
    moving, unique = COPIED[table]
    columns = rows(COLUMNS, table=table)
    names = ", ".join(f'"{name}"' for name, _ in columns)
    values = ", ".join(_value(name, kind, moving, unique) for name, kind in columns)
    # The template's own rows are those below the first stride: of tables without a number, those without a copy's.
    mine = f"t.{moving[0]} < %(stride)s" if moving else f"t.{unique[0]} NOT LIKE '%%~%%'"
    if "event_id" in unique:
        mine = "t.event_id NOT LIKE '%%~%%'"
    return f"""
        INSERT INTO {table} ({names})
        SELECT {values} FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS copy(n), {table} t
         WHERE {mine} ORDER BY copy.n
    """  # noqa: S608 - our own words


def _value(name: str, kind: str, moving: Sequence[str], unique: Sequence[str]) -> str:
    if name in moving:
        return f't."{name}" + copy.n * %(stride)s'
    if name in unique:
        return f"left(copy.n || '~' || t.{name}, {LONGEST_KEY})"
    if kind == "uuid" and name == "public_id":
        return "gen_random_uuid()"
    if kind == "timestamp with time zone":
        return f"t.\"{name}\" - %(days)s * interval '1 day' * (%(copies)s - copy.n + 1) / %(copies)s"
    return f't."{name}"'
