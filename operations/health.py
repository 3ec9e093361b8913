"""
How it goes: whether this process can serve (readiness), and whether the pipeline does its work (the deep check).
"""

from dataclasses import dataclass, field

from django.conf import settings
from django.db import Error, connection

from operations import watch
from operations.asking import Asked, NoAnswer, Question
from operations.models import Alert
from pipeline import backlog, workers
from pipeline.backlog import Backlog
from pipeline.broker_line import BrokerAway, BrokerLine
from pipeline.queues import Queue
from pipeline.tables import missing_migrations

READY_WITHIN_SECONDS = 2.0
DEEP_WITHIN_SECONDS = 6.0
FINE = "ok"
SILENT = "does not answer"


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """
    What became of asking the database and the broker: "ok", or what is wrong in a few words.
    """

    database: str
    broker: str

    @property
    def ready(self) -> bool:
        return self.database == self.broker == FINE


@dataclass(frozen=True, kw_only=True)
class LaneHealth:
    """
    A lane with its backlog and the number of workers that serve it.
    """

    backlog: Backlog
    workers: int

    @property
    def complaints(self) -> list[str]:
        lane = self.backlog
        found = []
        if not self.workers and (lane.lane in set(Queue) or lane.open):
            found.append(f"No worker consumes the queue {lane.lane}.")
        if not lane.paused and lane.overdue_seconds >= settings.ALERT_BACKLOG_SECONDS:
            found.append(f"On the lane {lane.lane} a step run waits for {lane.overdue_seconds:.0f} s.")
        return found


@dataclass(frozen=True, kw_only=True)
class PipelineHealth:
    """
    The deep check: what is wrong, sentence by sentence, and the figures behind it. Nothing about a guest.
    """

    readiness: Readiness
    complaints: list[str]
    lanes: list[LaneHealth] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    seconds_since_watch: float | None = None

    @property
    def healthy(self) -> bool:
        return not self.complaints


def readiness() -> Readiness:
    """
    Ask database and broker at the same time; together they get two seconds.
    """
    database, broker = _database.put(), _broker.put()
    return Readiness(database=_told(_database, database), broker=_told(_broker, broker))


def pipeline() -> PipelineHealth:
    """
    Ask everything: servers, consumers, backlog, alerts. Takes a second when all is well: workers get that to answer.
    """
    ready = readiness()
    if not ready.ready:
        servers = {"The database": ready.database, "The broker": ready.broker}
        wrong = [f"{server} {said}." for server, said in servers.items() if said != FINE]
        return PipelineHealth(readiness=ready, complaints=wrong)
    try:
        lanes, alerts, since = _deep.answer()
    except (NoAnswer, BrokerAway, Error) as trouble:
        return PipelineHealth(
            readiness=ready, complaints=[f"The check failed: {type(trouble).__name__}. Ask again."]
        )
    complaints = [complaint for lane in lanes for complaint in lane.complaints]
    return PipelineHealth(
        readiness=ready, complaints=complaints, lanes=lanes, alerts=alerts, seconds_since_watch=since
    )


def _told(question: Question[str], asked: Asked[str]) -> str:
    try:
        return question.answer(asked)
    except (NoAnswer, BrokerAway, Error):
        return SILENT


class DatabaseCheck:
    """
    Asks over the connection of the thread that asks. Tables do not go away again, so they are looked for until all are
    there, and then no more.
    """

    def __init__(self) -> None:
        self.complete = False

    def __call__(self) -> str:
        connection.close_if_unusable_or_obsolete()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            missing = [] if self.complete else missing_migrations()
        except Error:
            connection.close()
            raise
        self.complete = not missing
        return f"lacks {len(missing)} migrations: run `python manage.py migrate`" if missing else FINE


class BrokerCheck:
    """
    Asks over a connection of its own.
    """

    def __init__(self) -> None:
        self.line = BrokerLine()

    def __call__(self) -> str:
        self.line.check()
        return FINE


def _look_deep() -> tuple[list[LaneHealth], list[str], float | None]:
    connection.close_if_unusable_or_obsolete()
    answering = workers.answering()
    lanes = [
        LaneHealth(backlog=lane, workers=sum(lane.lane in worker.queues for worker in answering))
        for lane in backlog.by_lane()
    ]
    open_alerts = list(
        Alert.objects.filter(closed_at=None).order_by("opened_at").values_list("said", flat=True)
    )
    return lanes, open_alerts, watch.seconds_since_the_last()


_database = Question(DatabaseCheck(), within_seconds=READY_WITHIN_SECONDS)
_broker = Question(BrokerCheck(), within_seconds=READY_WITHIN_SECONDS)
_deep = Question(_look_deep, within_seconds=DEEP_WITHIN_SECONDS)
