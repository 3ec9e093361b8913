"""
What Stripe told us, each event once.
"""

from collections.abc import Iterable

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Now

from orders.models import Order


class StripeEvent(models.Model):
    """
    An event of Stripe's, kept once by its id, with the few facts we need: no name, no address, no card number.
    """

    class State(models.TextChoices):
        """
        What became of the event.
        """

        HANDLED = "handled", "led to what it should"
        CONFIRMED = "confirmed", "told us what we knew already"
        NOTED = "noted", "shown beside its order; nothing follows from it"
        IGNORED = "ignored", "of a type that changes nothing here"
        UNMATCHED = "unmatched", "names an order that we do not know (yet)"
        IN_REVIEW = "in_review", "does not fit its order: a person must look"

    event_id = models.CharField(max_length=255, primary_key=True)
    type = models.CharField(max_length=100)
    api_version = models.CharField(max_length=40, blank=True)
    livemode = models.BooleanField()
    account = models.CharField(max_length=255, blank=True)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    body_sha256 = models.CharField(max_length=64)
    object_id = models.CharField(max_length=255, blank=True)
    facts = models.JSONField(default=dict, help_text="ids and amounts, to handle an unmatched event again")
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="stripe_events", db_index=False
    )
    state = models.CharField(max_length=10, choices=State.choices)
    because = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["retry_at"], name="stripe_event_to_retry", condition=Q(retry_at__isnull=False)
            ),
            # By time, so that what is new comes to the right end. What a person or an order waits for is few.
            models.Index(fields=["received_at"], name="stripe_event_ignored", condition=Q(state="ignored")),
            models.Index(fields=["received_at"], name="stripe_event_heeded", condition=~Q(state="ignored")),
            models.Index(
                fields=["state", "received_at"],
                name="stripe_event_open",
                condition=Q(state__in=["unmatched", "in_review"]),
            ),
            # Most events tell nothing of money: these two do without them.
            models.Index(fields=["order"], name="stripe_event_by_order", condition=Q(order__isnull=False)),
            models.Index(fields=["object_id"], name="stripe_event_by_object", condition=~Q(state="ignored")),
            # Asked for every payment. Money that is somebody else's stays unmatched for ever, so it is not few.
            models.Index(
                KT("facts__payment_intent"), name="stripe_event_waiting", condition=Q(state="unmatched")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    # Questions

    @staticmethod
    def telling(means: str, *, of: Iterable[str]) -> "models.QuerySet[StripeEvent]":
        """
        The events that told this of Stripe's objects with these ids.
        """
        # In the words of the index.
        told = StripeEvent.objects.exclude(state=StripeEvent.State.IGNORED)
        return told.filter(object_id__in=list(of), facts__means=means)

    @staticmethod
    def put_aside(*, order: Order, payment_intent: str) -> bool:
        """
        Have we been told of this payment before, and did it not fit the order?
        """
        aside = StripeEvent.objects.filter(order=order, state=StripeEvent.State.IN_REVIEW)
        return aside.filter(facts__payment_intent=payment_intent).exists()


class RejectedDelivery(models.Model):
    """
    How many deliveries the webhook turned away in one minute, by the reason. Nothing of what they said is kept.
    """

    class Kind(models.TextChoices):
        """
        Why a delivery was turned away.
        """

        BAD_SIGNATURE = "bad_signature", "not signed with one of our secrets"
        WRONG_TIME = "wrong_time", "correctly signed, but too long ago or in the future"
        NO_EVENT = "no_event", "correctly signed, but no event that we can read"
        TOO_LARGE = "too_large", "larger than any event"

    minute = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["minute", "kind"], name="rejected_delivery_once_per_minute")
        ]


class Reconciliation(models.Model):
    """
    One time that Stripe was asked what its webhook had not told us.
    """

    since = models.DateTimeField(help_text="what was created at Stripe since then was looked at")
    scheduled = models.BooleanField(help_text="by beat, not by a person")
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.PositiveIntegerField(default=0, help_text="events and objects at Stripe")
    missed = models.PositiveIntegerField(default=0, help_text="of these, what we had not been told")
    repaired_orders = models.PositiveIntegerField(default=0)
    in_review = models.PositiveIntegerField(default=0)
    unmatched = models.PositiveIntegerField(default=0)
    because = models.CharField(max_length=300, blank=True, help_text="why it did not come to its end")

    class Meta:
        indexes = [models.Index(fields=["began_at"], name="reconciliation_by_time")]

    def __str__(self) -> str:
        return f"reconciliation since {self.since:%Y-%m-%d %H:%M}"
