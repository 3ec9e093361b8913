"""
Points: a ledger that is only ever added to, and each member's balance.
"""

from django.db import models
from django.db.models.functions import Now

from orders.models import Customer, Order


class LoyaltyEntry(models.Model):
    """
    Points earned with one order: by a member, or by a guest who may still become one (pending).
    """

    class Kind(models.TextChoices):
        """
        Why points move.
        """

        EARN = "earn"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    member = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    guest_key = models.CharField(max_length=64, blank=True, help_text="salted hash of a guest's address")
    points = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "kind"], name="loyalty_entry_once_per_order"),
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
