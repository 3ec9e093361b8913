"""
Letters whose outcome was unknown: each must have a fault that explains it. Else the excuse would excuse anything.
"""

from collections.abc import Sequence

from pipeline.statements import rows
from pipeline.steps import LONGEST_LEASE_SECONDS, menu, short_name
from tests.chaos.storm.strikes import Struck

# Faults that may take a worker, its database or the mail server away between the final dot and our note of it.
EXPLAINING = ("mail", "worker", "workers", "dispatcher", "PostgreSQL")
# A lease ends at the latest so long after its worker was lost; then a dispatcher has to come by, which was struck too.
SEEN_WITHIN_SECONDS = LONGEST_LEASE_SECONDS + 30.0

UNKNOWN_AT = """
SELECT run.step, run.order_id, extract(epoch FROM event.at)::float
  FROM pipeline_stepevent event JOIN pipeline_steprun run ON run.id = event.step_run_id
 WHERE run.step = ANY(%(steps)s)
   AND (event.what = 'lease_lost' OR event.what = 'failed' AND event.because LIKE 'MailAnswerLost%%')
"""


def unexplained(storm: Sequence[Struck]) -> list[str]:
    """
    The unknown outcomes of letters, in words, for which no fault of the storm can be the reason.
    """
    letters = [step.name for step in menu if step.queue.value == "emails"]
    windows = [
        (one.began, one.mended + SEEN_WITHIN_SECONDS)
        for one in storm
        if one.planned.fault.component in EXPLAINING
    ]
    return [
        f"{short_name(step)} of order {order}"
        for step, order, at in rows(UNKNOWN_AT, steps=letters)
        if not any(begin <= at <= end for begin, end in windows)
    ]
