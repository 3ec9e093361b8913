"""
Orders, and the sums that the tasks keep.
"""

from django.db import models


class Order(models.Model):
    """
    What a guest ordered.
    """

    public_id = models.UUIDField(unique=True)
    total_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    email = models.EmailField()
    location = models.CharField(max_length=40)
    status = models.CharField(max_length=20, default="pending")

    class Meta:
        app_label = "naive"


class Sales(models.Model):
    """
    What was sold.
    """

    orders = models.PositiveIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)

    class Meta:
        app_label = "naive"


class LoyaltyAccount(models.Model):
    """
    One guest's points.
    """

    email = models.EmailField(unique=True)
    points = models.PositiveIntegerField(default=0)
    visits = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "naive"


class Ingredient(models.Model):
    """
    What is left of one ingredient.
    """

    name = models.CharField(max_length=40, unique=True)
    portions_left = models.IntegerField(default=0)

    class Meta:
        app_label = "naive"
