"""
The people who eat.
"""

from django.db import models


class Customer(models.Model):
    """
    Someone who orders: a member with points, or a guest who only left an address.
    """

    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    is_guest = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email"], condition=models.Q(is_guest=False), name="member_once_per_address"
            ),
            models.CheckConstraint(
                condition=models.Q(is_guest=True) | ~models.Q(email=""), name="member_has_an_address"
            ),
        ]

    @property
    def first_name(self) -> str:
        return self.name.split(" ")[0]
