"""
What was sold: one fact per order, and its sums by the hour.
"""

from django.db import models

from orders.models import Order, Restaurant, ServiceType


class Sums(models.Model):
    """
    Amounts of sales in minor units of `currency`; amounts of different currencies are never added.
    """

    currency = models.CharField(max_length=3)
    items = models.PositiveIntegerField()
    subtotal_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    tip_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()

    class Meta:
        abstract = True


class SaleFact(Sums):
    """
    One paid order.
    """

    order = models.OneToOneField(Order, primary_key=True, on_delete=models.PROTECT, related_name="+")
    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="+")
    service_type = models.CharField(max_length=10, choices=ServiceType.choices)
    paid_at = models.DateTimeField()
    hour_utc = models.DateTimeField(help_text="the full hour in which it was paid")
    business_date = models.DateField(help_text="by the restaurant's clock and its cut-off hour")

    class Meta(Sums.Meta):
        indexes = [models.Index(fields=["restaurant", "business_date"], name="sale_by_business_date")]


class HourlySales(Sums):
    """
    The facts of one restaurant, hour, service type and currency, summed up.
    """

    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="+")
    hour_utc = models.DateTimeField()
    service_type = models.CharField(max_length=10, choices=ServiceType.choices)
    orders = models.PositiveIntegerField()

    class Meta(Sums.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["restaurant", "hour_utc", "service_type", "currency"], name="hourly_sales_once"
            )
        ]
