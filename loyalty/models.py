"""
Points: a ledger that is only ever added to, and each member's balance.
"""

from django.db import models
from django.db.models.functions import Now

from orders.models import Customer, Order, Refund


class LoyaltyEntry(models.Model):
    """
    Points earned with one order, or lost again with its refunds: by a member, or by a guest who may still become one
    (pending).
    """

    class Kind(models.TextChoices):
        """
        Why points move.
        """

        EARN = "earn"
        REFUND = "refund"
        REFUND_FAILED = "refund_failed"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    refund = models.ForeignKey(
        Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    member = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    guest_key = models.CharField(max_length=64, blank=True, help_text="salted hash of a guest's address")
    points = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=models.Q(kind="earn"), name="loyalty_earned_once_per_order"
            ),
            models.UniqueConstraint(
                fields=["refund", "kind"],
                condition=models.Q(refund__isnull=False),
                name="loyalty_reversed_once_per_refund",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="earn", refund__isnull=True)
                | (~models.Q(kind="earn") & models.Q(refund__isnull=False)),
                name="loyalty_reversal_has_a_refund",
            ),
            models.CheckConstraint(
                condition=models.Q(member__isnull=False, guest_key="")
                | (models.Q(member__isnull=True) & ~models.Q(guest_key="")),
                name="loyalty_entry_is_of_member_or_guest",
            ),
        ]
        indexes = [
            models.Index(fields=["guest_key"], name="loyalty_pending", condition=~models.Q(guest_key="")),
        ]


class LoyaltyBalance(models.Model):
    """
    The sum of a member's entries.
    """

    member = models.OneToOneField(Customer, primary_key=True, on_delete=models.PROTECT, related_name="+")
    points = models.BigIntegerField()
