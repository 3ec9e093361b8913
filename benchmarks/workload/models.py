"""
What the six effects leave behind: one row per order and effect, and the sums that they change.
"""

from django.db import models


class Kind(models.TextChoices):
    """
    The six effects, in the order in which they are listed everywhere.
    """

    RECEIPT = "receipt"
    STAFF = "staff"
    POS = "pos"
    ANALYTICS = "analytics"
    LOYALTY = "loyalty"
    STOCK = "stock"


class Effect(models.Model):
    """
    That an effect happened to an order: what was written, or how much was counted.
    """

    order_id = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField(blank=True)
    amount = models.IntegerField(default=0, help_text="minor units, points or portions, as the effect says")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order_id", "kind"], name="workload_effect_once")]


class HourTotal(models.Model):
    """
    What a restaurant sold in an hour (of UTC).
    """

    restaurant_id = models.BigIntegerField()
    hour = models.DateTimeField()
    orders = models.IntegerField()
    total_minor = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["restaurant_id", "hour"], name="workload_hour_once")]


class Balance(models.Model):
    """
    A guest's points.
    """

    customer_id = models.BigIntegerField(primary_key=True)
    points = models.IntegerField()


class Stock(models.Model):
    """
    How many portions of a variant are left.
    """

    variant_id = models.BigIntegerField(primary_key=True)
    on_hand = models.IntegerField()
