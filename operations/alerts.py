"""
The life of an alert: opened by the first who finds it, told, told again while it lasts, closed, and its end told.

Any number of watches may run at once. The database keeps one open alert for a rule and its subject, and whoever tells
claims what it tells; a claim that came to nothing (no mail server, a killed worker) leaves the alert to the next run.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from operations.models import Alert
from pipeline.statements import execute, rows

# Flickering is one alert and not many, and a watch that looked a moment earlier closes nothing that another has found.
CLOSED_AFTER_SECONDS = 300
# Longer than one letter can take.
CLAIMED_FOR_SECONDS = 120

FIND = """
INSERT INTO operations_alert (rule, subject, said, tell_from)
VALUES (%(rule)s, %(subject)s, %(said)s, statement_timestamp() + make_interval(secs => %(lasting)s))
    ON CONFLICT (rule, subject) WHERE closed_at IS NULL
    DO UPDATE SET said = excluded.said, seen_at = clock_timestamp()
"""

CLOSE = """
UPDATE operations_alert SET closed_at = clock_timestamp()
 WHERE closed_at IS NULL AND rule <> ALL(%(not_asked)s)
   AND seen_at < clock_timestamp() - make_interval(secs => %(after)s)
"""

# What was seen when it was time to tell it is told, even when it is over by then: the mail server may have been away.
CLAIM = """
UPDATE operations_alert SET telling_until = clock_timestamp() + make_interval(secs => %(claimed)s)
 WHERE id IN (
       SELECT id FROM operations_alert
        WHERE (telling_until IS NULL OR telling_until < clock_timestamp())
          AND seen_at >= tell_from AND end_told_at IS NULL
          AND (closed_at IS NOT NULL OR told_at IS NULL
               OR told_at < clock_timestamp() - make_interval(hours => %(again)s))
        ORDER BY id FOR UPDATE SKIP LOCKED)
RETURNING id, rule, subject, said, opened_at, closed_at, told_at
"""

TOLD = """
UPDATE operations_alert
   SET telling_until = NULL, told_at = coalesce(CASE WHEN id = ANY(%(ended)s) THEN told_at END, clock_timestamp()),
       end_told_at = CASE WHEN id = ANY(%(ended)s) THEN clock_timestamp() END
 WHERE id = ANY(%(alerts)s)
"""


@dataclass(frozen=True, kw_only=True)
class Telling:
    """
    An alert that wants to be told now.
    """

    id: int
    rule: str
    subject: str
    said: str
    opened_at: datetime
    closed_at: datetime | None
    told_at: datetime | None

    @property
    def event(self) -> str:
        if self.closed_at is not None:
            return "alert.closed"
        return "alert.opened" if self.told_at is None else "alert.lasts"


def find(*, rule: str, broken: dict[str, str], lasting_seconds: int) -> None:
    """
    Open an alert for each subject, or note that it lasts.
    """
    for subject, said in sorted(broken.items()):
        execute(FIND, rule=rule, subject=subject, said=said[:300], lasting=lasting_seconds)


def close_what_is_over(*, not_asked: Collection[str]) -> int:
    """
    Close what has not been found for a while, except where nobody could ask; returns how many.
    """
    return execute(CLOSE, not_asked=list(not_asked), after=CLOSED_AFTER_SECONDS)


def claim_what_to_tell() -> list[Telling]:
    """
    Take what wants to be told now, so that nobody else tells it.
    """
    claimed = rows(CLAIM, claimed=CLAIMED_FOR_SECONDS, again=settings.ALERT_REPEAT_HOURS)
    names = ("id", "rule", "subject", "said", "opened_at", "closed_at", "told_at")
    return sorted((Telling(**dict(zip(names, row, strict=True))) for row in claimed), key=lambda t: t.id)


def note_as_told(tellings: Sequence[Telling]) -> None:
    """
    They are told.
    """
    ended = [telling.id for telling in tellings if telling.closed_at is not None]
    execute(TOLD, alerts=[telling.id for telling in tellings], ended=ended)


def leave_to_the_next(tellings: Sequence[Telling]) -> None:
    """
    They could not be told: the next run tries again.
    """
    Alert.objects.filter(pk__in=[telling.id for telling in tellings]).update(telling_until=None)
