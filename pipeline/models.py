"""
The promises, their history, the lanes that are paused, how fast outside systems may be called, and where all this lives.
"""

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class State(models.TextChoices):
    """
    Where a step run stands; docs/pipeline.md draws the ways between them.
    """

    PROMISED = "promised"
    SENT = "sent"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    BURIED = "buried"
    SKIPPED = "skipped"
    DISCARDED = "discarded"


AT_REST = (State.DONE, State.BURIED, State.SKIPPED, State.DISCARDED)


class StepRun(models.Model):
    """
    One step for one subject: the fact of which Celery's messages are only hints.

    `due_at` says when the row wants attention next, whatever its state: try it (promised, waiting), send it again
    (sent), take it back from a worker that is gone (running: the end of its lease). It is empty at rest.
    """

    step = models.CharField(max_length=120)
    subject_id = models.BigIntegerField(help_text="the order, or the refund for a reversal")
    order_id = models.BigIntegerField()
    lane = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROMISED)
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sends = models.PositiveSmallIntegerField(default=0, help_text="messages since it was last claimed")
    alone = models.BooleanField(
        default=False, help_text="an attempt ended without an outcome: no company any more"
    )
    lease_token = models.UUIDField(null=True, blank=True)
    sending_at = models.DateTimeField(
        null=True, blank=True, help_text="a request left whose outcome is not known (yet)"
    )
    withdrawn = models.BooleanField(
        default=False, db_default=False, help_text="nobody wants it any more: it is not begun again"
    )
    because = models.CharField(max_length=300, blank=True, help_text="why it waits or lies buried")
    report = models.JSONField(null=True, blank=True)
    promised_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "step"], name="step_run_once_per_subject"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="step_run_state_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=AT_REST, due_at__isnull=True)
                | (~Q(state__in=AT_REST) & Q(due_at__isnull=False)),
                name="step_run_is_due_until_at_rest",
            ),
            models.CheckConstraint(
                condition=Q(state=State.RUNNING, lease_token__isnull=False)
                | (~Q(state=State.RUNNING) & Q(lease_token__isnull=True)),
                name="step_run_has_a_lease_while_running",
            ),
        ]
        indexes = [
            models.Index(fields=["lane", "due_at"], name="step_run_due", condition=Q(due_at__isnull=False)),
            # Most runs have their order as their subject: `of_orders` asks for those by it, and by this for the others.
            models.Index(
                fields=["order_id"], name="step_run_of_refund", condition=~Q(order_id=F("subject_id"))
            ),
            models.Index(fields=["step", "id"], name="step_run_buried", condition=Q(state=State.BURIED)),
        ]

    def __str__(self) -> str:
        return f"{self.step} for order {self.order_id}: {self.state}"

    # Questions

    @staticmethod
    def of_orders(order_ids: Iterable[int]) -> "models.QuerySet[StepRun]":
        """
        The step runs of these orders and of their refunds, in the words of the indexes.
        """
        ids = list(order_ids)
        own = Q(subject_id__in=ids, order_id=F("subject_id"))
        return StepRun.objects.filter(own | Q(order_id__in=ids) & ~Q(order_id=F("subject_id")))


class StepEvent(models.Model):
    """
    Something worth knowing that happened to a step run; a clean first success is not. Rows are only ever added: the
    database refuses to change them, and to delete them before their step run.
    """

    class What(models.TextChoices):
        """
        The kinds of events.
        """

        FAILED = "failed"
        LEASE_LOST = "lease_lost"
        SENT_AGAIN = "sent_again"
        RECOVERED = "recovered"
        BURIED = "buried"
        REVIVED = "revived"
        DISCARDED = "discarded"
        SKIPPED = "skipped"

    step_run = models.ForeignKey(StepRun, on_delete=models.DO_NOTHING, related_name="events")
    order_id = models.BigIntegerField()
    attempt = models.PositiveSmallIntegerField()
    what = models.CharField(max_length=12, choices=What.choices)
    because = models.CharField(max_length=300, blank=True)
    by = models.CharField(max_length=150, blank=True, help_text="the person, or the worker")
    at = models.DateTimeField(db_default=Now())
    next_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["order_id"], name="step_event_by_order"),
            models.Index(fields=["at"], name="step_event_by_time"),
        ]


class ForgottenRuns(models.Model):
    """
    What is left of a step's runs that were done long ago and forgotten (`pipeline/forgetting.py`): whose they were, from
    the lowest to the highest subject. Between the two, a subject whose promise is missing had it, and it was done.
    """

    step = models.CharField(max_length=120, primary_key=True)
    first_subject = models.BigIntegerField()
    last_subject = models.BigIntegerField()
    runs = models.BigIntegerField()


class LanePause(models.Model):
    """
    A lane that stands still until somebody resumes it; obeyed by the dispatcher and by each claim.
    """

    lane = models.CharField(max_length=20, primary_key=True)
    by = models.CharField(max_length=150)
    reason = models.CharField(max_length=300)
    paused_at = models.DateTimeField(db_default=Now())


class Turnstile(models.Model):
    """
    Where a rate limit counts: when the next order could have started at an outside system.
    """

    name = models.CharField(max_length=40, primary_key=True)
    free_at = models.DateTimeField()


class DatabaseMark(models.Model):
    """
    In which database, and as which of its tables, these promises live: see `pipeline/restored.py`. One row.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    cluster = models.BigIntegerField(help_text="the system identifier of the PostgreSQL")
    database_oid = models.BigIntegerField()
    table_oid = models.BigIntegerField()
    released_at = models.DateTimeField(null=True, help_text="when somebody last released a restored database")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="database_mark_is_one_row")]
