"""
How much waits on each lane, and for how long: the questions that health, alarms and people ask.
"""

from dataclasses import dataclass

from pipeline.queues import Queue
from pipeline.statements import rows

# Only rows that are not at rest, by the partial index on due_at: years of done rows cost nothing.
OPEN_BY_LANE = """
SELECT lane,
       count(*) FILTER (WHERE state <> 'running'),
       count(*) FILTER (WHERE state = 'running'),
       count(*) FILTER (WHERE due_at <= clock_timestamp()),
       coalesce(extract(epoch FROM clock_timestamp() - min(due_at) FILTER (WHERE due_at <= clock_timestamp())), 0),
       coalesce(extract(epoch FROM clock_timestamp() - min(promised_at)), 0)
  FROM pipeline_steprun WHERE due_at IS NOT NULL GROUP BY lane
"""
BURIED_BY_LANE = "SELECT lane, count(*) FROM pipeline_steprun WHERE state = 'buried' GROUP BY lane"
PAUSED = "SELECT lane FROM pipeline_lanepause"


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """
    What a lane holds. `overdue_seconds` is how long the row that is due longest has been due (0: none is due): with a
    healthy dispatcher about a second. `oldest_seconds` is the time since the oldest open promise was made.
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
    found = {lane: facts for lane, *facts in rows(OPEN_BY_LANE)}
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
