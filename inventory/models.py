"""
Stock, and every movement that explains it.
"""

from django.db import models
from django.db.models.functions import Now

from orders.models import Ingredient, OrderLine, Refund


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
    What one order line took of one ingredient (negative), what of it came back, or another reason for a change.
    """

    class Kind(models.TextChoices):
        """
        Why stock moves.
        """

        SALE = "sale"
        OPENING = "opening"
        RETURN = "return"
        RETURN_UNDONE = "return_undone"

    # Without an index: each sale would pay for it, and nobody asks.
    ingredient = models.ForeignKey(Ingredient, on_delete=models.PROTECT, related_name="+", db_index=False)
    order_line = models.ForeignKey(
        OrderLine, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    refund = models.ForeignKey(
        Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    quantity = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order_line", "ingredient"],
                condition=models.Q(kind="sale"),
                name="stock_sale_once_per_line",
            ),
            models.UniqueConstraint(
                fields=["refund", "order_line", "ingredient", "kind"],
                condition=models.Q(refund__isnull=False),
                name="stock_return_once_per_refund",
            ),
            models.CheckConstraint(
                name="stock_sale_has_a_line",
                condition=~models.Q(kind="sale") | models.Q(order_line__isnull=False),
            ),
            models.CheckConstraint(
                name="stock_return_has_a_refund_and_a_line",
                condition=models.Q(
                    kind__in=["return", "return_undone"], refund__isnull=False, order_line__isnull=False
                )
                | (~models.Q(kind__in=["return", "return_undone"]) & models.Q(refund__isnull=True)),
            ),
        ]


class ReturnNote(models.Model):
    """
    That the stock took notice of a refund, or of its failure, also where nothing moved: only what is noted decides whether
    an order has gone back in full.
    """

    class Kind(models.TextChoices):
        """
        What was noted.
        """

        RETURN = "return"
        RETURN_UNDONE = "return_undone"

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["refund", "kind"], name="return_noted_once_per_refund")
        ]
