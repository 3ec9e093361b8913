"""
Pausing and resuming lanes: what waits there keeps its place and loses no attempt.
"""

from django.db import transaction

from pipeline import journal
from pipeline.models import LanePause
from pipeline.nudge import nudge
from pipeline.queues import Queue
from pipeline.statements import execute, rows

# What was already sent while the lane was paused has been turned away by the claim: it need not wait for its time.
MAKE_DUE = """
UPDATE pipeline_steprun SET state = 'promised', sends = 0, due_at = clock_timestamp()
 WHERE lane = %(lane)s AND state = 'sent'
"""

PAUSED_FOR = "SELECT lane, extract(epoch FROM clock_timestamp() - paused_at) FROM pipeline_lanepause"


def pause(*, lane: Queue, by: str, reason: str) -> None:
    """
    Let nothing on this lane begin; what is running ends as usual. Pausing twice keeps the first pause.
    """
    LanePause.objects.get_or_create(lane=lane.value, defaults={"by": by, "reason": reason})
    journal.record("lane.paused", lane=lane, by=by, reason=reason)


@transaction.atomic
def resume(*, lane: Queue, by: str) -> bool:
    """
    Let the lane go on, at once; False where it was not paused.
    """
    removed, _ = LanePause.objects.filter(lane=lane.value).delete()
    if removed:
        execute(MAKE_DUE, lane=lane.value)
        journal.record("lane.resumed", lane=lane, by=by)
        transaction.on_commit(nudge)
    return bool(removed)


def paused_for_seconds() -> dict[str, float]:
    """
    The lanes that stand still, each with the time since it was paused.
    """
    return {lane: float(seconds) for lane, seconds in rows(PAUSED_FOR)}
