"""
Stock, and every movement that explains it.
"""

from django.db import models
from django.db.models.functions import Now

from orders.models import Ingredient, OrderLine


class Stock(models.Model):
    """
    How much of an ingredient is left, in its base unit. It may be negative: the guest has paid, so the kitchen knows
    better than the books.
    """

    ingredient = models.OneToOneField(
        Ingredient, primary_key=True, on_delete=models.PROTECT, related_name="stock"
    )
    on_hand = models.BigIntegerField(default=0)
    negative_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="stock_negative_is_flagged",
                condition=models.Q(on_hand__lt=0, negative_since__isnull=False)
                | models.Q(on_hand__gte=0, negative_since__isnull=True),
            )
        ]


class StockMovement(models.Model):
    """
    What one order line took of one ingredient (negative), or another reason for a change.
    """

    class Kind(models.TextChoices):
        """
        Why stock moves.
        """

        SALE = "sale"
        OPENING = "opening"

    ingredient = models.ForeignKey(Ingredient, on_delete=models.PROTECT, related_name="+")
    order_line = models.ForeignKey(
        OrderLine, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    quantity = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order_line", "ingredient", "kind"], name="stock_movement_once_per_line"
            ),
            models.CheckConstraint(
                name="stock_sale_has_a_line",
                condition=~models.Q(kind="sale") | models.Q(order_line__isnull=False),
            ),
        ]
