"""
What is wrong just now, or was, and who was told; and when somebody looked last.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Alert(models.Model):
    """
    Something unusual that lasts: opened once, told once and then now and again, closed when it is over. Ids and counts
    only, nothing about a guest.
    """

    rule = models.CharField(max_length=40)
    subject = models.CharField(max_length=120, blank=True, help_text="the lane or the step it is about")
    said = models.CharField(max_length=300)
    opened_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now(), help_text="when it was found last")
    tell_from = models.DateTimeField(
        db_default=Now(), help_text="it has to last until then to be worth telling"
    )
    told_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    end_told_at = models.DateTimeField(null=True, blank=True)
    telling_until = models.DateTimeField(null=True, blank=True, help_text="somebody is telling it just now")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "subject"], condition=Q(closed_at__isnull=True), name="alert_open_once"
            )
        ]
        indexes = [
            # What may want to be told: not what is told to its end, nor what was over before it was worth telling.
            models.Index(
                fields=["id"],
                name="alert_to_tell",
                condition=Q(end_told_at__isnull=True, seen_at__gte=F("tell_from")),
            )
        ]

    def __str__(self) -> str:
        return self.said


class WatchRun(models.Model):
    """
    The one row that says when the watch ran last.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="watch_run_is_one_row")]
