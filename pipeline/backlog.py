"""
How much waits on each lane, and for how long: the questions that health, alarms and people ask.
"""

from dataclasses import dataclass

from django.conf import settings

from pipeline.dispatcher import DOUBLINGS, SENT_AGAIN_AFTER_SECONDS
from pipeline.queues import Queue
from pipeline.statements import rows

# Only rows that are not at rest, by the partial index on due_at: years of done rows cost nothing.
# What was sent and is not taken is sent again after 40 s, 80 s, … and is due only for a blink each time. So its wait
# is reckoned from its first message: 60 · (2ⁿ - 1) s before it is due again. (Beyond the cap it is a little too low.)
OPEN_BY_LANE = """
SELECT lane,
       count(*) FILTER (WHERE state <> 'running'),
       count(*) FILTER (WHERE state = 'running'),
       count(*) FILTER (WHERE due_at <= clock_timestamp()),
       greatest(0, max(extract(epoch FROM clock_timestamp() - due_at)
           + CASE WHEN state = 'sent' THEN %(again)s * (power(2, least(sends, %(doublings)s + 1)) - 1) ELSE 0 END)),
       coalesce(extract(epoch FROM clock_timestamp() - min(promised_at)), 0)
  FROM pipeline_steprun WHERE due_at IS NOT NULL GROUP BY lane
"""
BURIED_BY_LANE = "SELECT lane, count(*) FROM pipeline_steprun WHERE state = 'buried' GROUP BY lane"
PAUSED = "SELECT lane FROM pipeline_lanepause"


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """
    What a lane holds. `overdue_seconds` is how long the row that could be tried and is not has been waiting for a worker
    (0: none is): when all is well a second or two. `oldest_seconds` is the time since the oldest open promise was made.
    """

    lane: str
    open: int = 0
    running: int = 0
    due: int = 0
    overdue_seconds: float = 0
    oldest_seconds: float = 0
    buried: int = 0
    paused: bool = False


def by_lane() -> list[Backlog]:
    """
    The backlog of each lane, also of lanes that the code does not know any more.
    """
    again = SENT_AGAIN_AFTER_SECONDS * settings.RETRY_TIME_SCALE
    found = {lane: facts for lane, *facts in rows(OPEN_BY_LANE, again=again, doublings=DOUBLINGS)}
    buried = dict(rows(BURIED_BY_LANE))
    paused = {lane for (lane,) in rows(PAUSED)}
    lanes = [queue.value for queue in Queue]
    return [
        _backlog(lane, found.get(lane, [0] * 5), buried=buried.get(lane, 0), paused=lane in paused)
        for lane in [*lanes, *sorted((found.keys() | buried.keys()) - set(lanes))]
    ]


def _backlog(lane: str, facts: list[float], *, buried: int, paused: bool) -> Backlog:
    waiting, running, due, overdue, oldest = facts
    return Backlog(
        lane=lane,
        open=int(waiting),
        running=int(running),
        due=int(due),
        overdue_seconds=float(overdue),
        oldest_seconds=float(oldest),
        buried=buried,
        paused=paused,
    )
