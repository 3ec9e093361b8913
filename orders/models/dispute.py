"""
The money that a guest's bank takes back until it has decided.
"""

from datetime import datetime

from django.db import models
from django.db.models import Q

from orders.models.order import Order
from orders.money import Money


class DisputeStatus(models.TextChoices):
    """
    Where a dispute stands, in the order in which it can only ever move on.
    """

    OPEN = "open", "open: the bank waits for our answer, or decides"
    WON = "won", "won: the money is ours"
    LOST = "lost", "lost: the guest keeps the money"


class Dispute(models.Model):
    """
    One dispute about an order's payment. It is shown, and a person answers it in Stripe's dashboard: nothing is undone.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="disputes")
    stripe_id = models.CharField(max_length=255, unique=True, help_text="Stripe's id: du_…")
    amount_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=DisputeStatus.choices)
    reason = models.CharField(max_length=40, blank=True, help_text="Stripe's word: fraudulent, duplicate, …")
    opened_at = models.DateTimeField(help_text="by Stripe's clock")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="when we were told of its end")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="dispute_closed_has_a_moment",
                condition=Q(status="open", closed_at__isnull=True)
                | (~Q(status="open") & Q(closed_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at"], name="dispute_open", condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return f"dispute {self.stripe_id}"

    # Changes

    def close(self, status: DisputeStatus, *, at: datetime) -> bool:
        """
        Take over how it ended; False where it has ended before, or has not yet: events come in any order.
        """
        if status == DisputeStatus.OPEN or self.status != DisputeStatus.OPEN:
            return False
        self.status, self.closed_at = status, at
        self.save(update_fields=["status", "closed_at"])
        return True

    # Questions

    @property
    def amount(self) -> Money:
        return Money(minor=self.amount_minor, currency=self.currency)
