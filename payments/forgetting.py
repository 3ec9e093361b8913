"""
Forgetting events of Stripe's that changed nothing here.

What told of money stays, as long as its order does. An ignored event names no order and holds no facts: it was kept so that
a second delivery is recognised, and Stripe repeats and lists events for no longer than thirty days.
"""

import time

from pipeline.statements import execute, rows

EVENTS_AT_ONCE = 2_000

OLD = "state = 'ignored' AND received_at < statement_timestamp() - make_interval(days => %(days)s)"
# By the index of what was ignored.
FORGET = f"""
DELETE FROM payments_stripeevent
 WHERE ctid = ANY(ARRAY(
       SELECT ctid FROM payments_stripeevent WHERE {OLD} ORDER BY received_at LIMIT %(most)s FOR UPDATE SKIP LOCKED))
"""  # noqa: S608 - only our own words
COUNT = f"SELECT count(*) FROM payments_stripeevent WHERE {OLD}"  # noqa: S608 - only our own words


def forget_ignored_events(*, older_than_days: int, until: float, dry_run: bool = False) -> int:
    """
    Forget them, in short transactions, until none is left or the monotonic clock says `until`; returns how many.
    """
    if dry_run:
        return int(rows(COUNT, days=older_than_days)[0][0])
    forgotten = 0
    while time.monotonic() < until:
        gone = execute(FORGET, days=older_than_days, most=EVENTS_AT_ONCE)
        forgotten += gone
        if gone < EVENTS_AT_ONCE:
            break
    return forgotten
