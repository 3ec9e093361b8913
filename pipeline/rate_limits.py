"""
How many orders a second may start at an outside system, counted over all workers of all machines.

Celery's own `rate_limit` counts in each worker for itself. Ours is a row that every worker asks before it claims: a
bucket that fills at the given rate and holds what comes in within a quarter of a second, so that in no second more than
a quarter above the rate starts. An order that has to wait is not claimed yet, so it costs no attempt.
"""

from dataclasses import dataclass

from pipeline.statements import execute, rows

BUCKET_HOLDS_SECONDS = 0.25
A_LITTLE_MORE_SECONDS = (
    0.01  # than one order takes: a bucket of just its size would be full for an instant only
)

# `free_at` is when the next order could have started. One short transaction on one row: workers queue here for
# microseconds, so it is never far ahead; where it is, the clock has gone back. The database's clock decides, read once.
# Whole microseconds, as PostgreSQL's times: a third of a second would never quite be over.
TAKE = """
WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
mark AS (
    SELECT turnstile.name, clock.now,
           CASE WHEN turnstile.free_at > clock.now + interval '1 second' THEN clock.now
                ELSE greatest(turnstile.free_at, clock.now - make_interval(secs => %(holds)s)) END AS free_at
      FROM pipeline_turnstile turnstile, clock WHERE turnstile.name = %(name)s FOR UPDATE OF turnstile),
granted AS (
    SELECT name, now, free_at,
           greatest(0, least(%(wanted)s, floor(extract(epoch FROM now - free_at) / %(every)s)))::int AS n FROM mark)
UPDATE pipeline_turnstile turnstile SET free_at = granted.free_at + make_interval(secs => granted.n * %(every)s)
  FROM granted WHERE turnstile.name = granted.name
RETURNING granted.n, extract(epoch FROM turnstile.free_at - granted.now) + %(every)s
"""

SET_UP = "INSERT INTO pipeline_turnstile (name, free_at) VALUES (%(name)s, 'epoch') ON CONFLICT DO NOTHING"


@dataclass(frozen=True, kw_only=True)
class Permits:
    """
    How many orders may start now, and after how many seconds the next may.
    """

    granted: int
    next_in_seconds: float = 0


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """
    At most `per_second` orders a second (0: no limit) for all steps that name the same limit.
    """

    name: str
    per_second: float

    def __post_init__(self) -> None:
        if self.per_second < 0:
            raise ValueError(f"The rate limit {self.name} is {self.per_second} per second; 0 means none.")

    def take(self, wanted: int) -> Permits:
        """
        Take as many of the wanted permits as there are.
        """
        if not self.per_second:
            return Permits(granted=wanted)
        every = round(1 / self.per_second, 6)
        holds = max(BUCKET_HOLDS_SECONDS, every + A_LITTLE_MORE_SECONDS)
        asked = {"name": self.name, "wanted": wanted, "every": every, "holds": holds}
        answer = rows(TAKE, **asked)
        if not answer:
            execute(SET_UP, name=self.name)
            answer = rows(TAKE, **asked)
        granted, next_in = answer[0]
        return Permits(granted=granted, next_in_seconds=max(0.0, float(next_in)))
