"""
The money that went back.
"""

from datetime import datetime

from django.db import models
from django.db.models import Q, Sum

from orders.models.order import Order
from orders.money import Money


class RefundStatus(models.TextChoices):
    """
    Where a refund stands, in the order in which it can only ever move on.
    """

    PENDING = "pending", "on its way"
    SUCCEEDED = "succeeded", "arrived"
    FAILED = "failed", "came back to us, or was called off"


# What is on its way has left our account: it counts until the bank sends it back.
COUNTING = (RefundStatus.PENDING, RefundStatus.SUCCEEDED)


class Refund(models.Model):
    """
    One refund of a paid order, whole or in part; `amount_minor` in minor units of the order's currency.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    stripe_id = models.CharField(max_length=255, unique=True, help_text="Stripe's id: re_…")
    amount_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=RefundStatus.choices)
    refunded_at = models.DateTimeField(help_text="when it was begun, by Stripe's clock")
    failed_at = models.DateTimeField(
        null=True, blank=True, help_text="when we were told that the money came back"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="refund_is_of_something", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="refund_failed_has_a_moment",
                condition=Q(status=RefundStatus.FAILED, failed_at__isnull=False)
                | (~Q(status=RefundStatus.FAILED) & Q(failed_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"refund {self.stripe_id}"

    # Changes

    def move_on(self, status: RefundStatus, *, at: datetime) -> bool:
        """
        Take over a later status; False for one that it has or had already: events come in any order.
        """
        ranks = RefundStatus.values
        if ranks.index(status) <= ranks.index(self.status):
            return False
        self.status = status
        self.failed_at = at if status == RefundStatus.FAILED else None
        self.save(update_fields=["status", "failed_at"])
        return True

    # Questions

    @property
    def counts(self) -> bool:
        return self.status in COUNTING

    @property
    def amount(self) -> Money:
        return Money(minor=self.amount_minor, currency=self.currency)

    @staticmethod
    def sum_of(order: Order) -> int:
        """
        How much of the order's money has gone back, or is on its way, in minor units.
        """
        counting = Refund.objects.filter(order=order, status__in=COUNTING)
        return counting.aggregate(sum=Sum("amount_minor"))["sum"] or 0
