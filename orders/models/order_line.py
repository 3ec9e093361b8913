"""
What was ordered, frozen as it was at that moment.
"""

from django.db import models

from orders.models.menu import Recipe, Variant
from orders.models.order import Order


class OrderLine(models.Model):
    """
    A number of portions of one variant, at the price and by the recipe of the moment of ordering.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    recipe = models.ForeignKey(Recipe, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    size = models.CharField(max_length=20, blank=True)
    quantity = models.PositiveIntegerField()
    price_minor = models.PositiveIntegerField(help_text="for one portion")
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="order_line_is_not_empty")
        ]

    @property
    def total_minor(self) -> int:
        return self.quantity * self.price_minor


class OrderTax(models.Model):
    """
    What one tax amounts to on the order.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="taxes")
    name = models.CharField(max_length=60)
    rate_ppm = models.PositiveIntegerField()
    amount_minor = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "name"], name="order_tax_once")]
