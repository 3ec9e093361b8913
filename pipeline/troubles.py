"""
What went wrong lately, by step: the questions that alarms and people ask.
"""

from dataclasses import dataclass

from pipeline.statements import rows

MOST_RUNS = 20_000

# A lease that was lost with the last attempt leaves two lines about one attempt. By statement_timestamp(), because an
# index cannot be asked about a clock that moves on meanwhile.
FAILED = """
SELECT run.step,
       count(DISTINCT (event.step_run_id, event.attempt)),
       count(*) FILTER (WHERE event.what = 'buried')
  FROM pipeline_stepevent event JOIN pipeline_steprun run ON run.id = event.step_run_id
 WHERE event.at > statement_timestamp() - make_interval(secs => %(within)s)
   AND event.what IN ('failed', 'lease_lost', 'buried')
 GROUP BY run.step ORDER BY run.step
"""

# Of the newest runs, whatever their step: done rows have no index on their time, which each of them would pay for.
DONE = """
SELECT step, count(*) FROM (
    SELECT step, state, finished_at FROM pipeline_steprun ORDER BY id DESC LIMIT %(most)s) AS newest
 WHERE state = 'done' AND finished_at > clock_timestamp() - make_interval(secs => %(within)s)
 GROUP BY step
"""

LEFT_BURIED = """
SELECT step, count(*) FROM pipeline_steprun
 WHERE state = 'buried' AND finished_at < clock_timestamp() - make_interval(secs => %(longer_than)s)
 GROUP BY step ORDER BY step
"""

# Put off again and again (a wrong password at the other side) a step run uses up no attempt and is never buried: only its
# age tells. Who revived it began anew.
STALLED = """
SELECT run.lane, max(extract(epoch FROM clock_timestamp() - greatest(run.promised_at, revived.at)))
  FROM pipeline_steprun run
  LEFT JOIN LATERAL (
       SELECT max(at) AS at FROM pipeline_stepevent WHERE step_run_id = run.id AND what = 'revived') revived ON true
 WHERE run.due_at IS NOT NULL AND run.promised_at < clock_timestamp() - make_interval(secs => %(longer_than)s)
   AND NOT EXISTS (SELECT FROM pipeline_lanepause pause WHERE pause.lane = run.lane)
 GROUP BY run.lane
"""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """
    How the attempts at one step ended lately; `failed` includes those that ended `buried`.
    """

    step: str
    failed: int
    buried: int
    done: int

    @property
    def failed_percent(self) -> float:
        return 100 * self.failed / (self.failed + self.done)


def by_step(*, within_seconds: int, at_least: int = 1) -> list[Trouble]:
    """
    The steps of which at least so many attempts failed lately.
    """
    failing = [found for found in rows(FAILED, within=within_seconds) if found[1] >= at_least]
    done = dict(rows(DONE, within=within_seconds, most=MOST_RUNS)) if failing else {}
    return [
        Trouble(step=step, failed=failed, buried=buried, done=done.get(step, 0))
        for step, failed, buried in failing
    ]


def left_buried(*, longer_than_seconds: int) -> dict[str, int]:
    """
    By step, how many have been lying buried for longer than that.
    """
    return dict(rows(LEFT_BURIED, longer_than=longer_than_seconds))


def stalled(*, longer_than_seconds: float) -> dict[str, float]:
    """
    By lane that is not paused, for how many seconds its oldest step run has been open, where that is longer.
    """
    return {lane: float(age) for lane, age in rows(STALLED, longer_than=longer_than_seconds)}
