"""
What was sold and what went back: one fact per order, one or two per refund, and their sums by the hour.
"""

from django.db import models
from django.db.models import Q

from orders.models import Order, Refund, Restaurant, ServiceType


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
    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="+", db_index=False)
    service_type = models.CharField(max_length=10, choices=ServiceType.choices)
    paid_at = models.DateTimeField()
    hour_utc = models.DateTimeField(help_text="the full hour in which it was paid")
    business_date = models.DateField(help_text="by the restaurant's clock and its cut-off hour")

    class Meta(Sums.Meta):
        indexes = [models.Index(fields=["restaurant", "business_date"], name="sale_by_business_date")]


class RefundFact(models.Model):
    """
    Money that went back to a guest (negative), or came again because the refund did not work (positive).
    """

    class Kind(models.TextChoices):
        """
        Which way the money went.
        """

        REFUND = "refund"
        REFUND_FAILED = "refund_failed"

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="+")
    service_type = models.CharField(max_length=10, choices=ServiceType.choices)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField(help_text="what it adds to the takings, in minor units")
    happened_at = models.DateTimeField(
        help_text="when the money left, or when we were told that it came back"
    )
    hour_utc = models.DateTimeField(help_text="the full hour in which that was")
    business_date = models.DateField(help_text="by the restaurant's clock and its cut-off hour")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["refund", "kind"], name="refund_fact_once"),
            models.CheckConstraint(
                name="refund_fact_has_the_sign_of_its_kind",
                condition=Q(kind="refund", amount_minor__lt=0) | Q(kind="refund_failed", amount_minor__gt=0),
            ),
        ]
        indexes = [models.Index(fields=["restaurant", "business_date"], name="refund_by_business_date")]


class HourlySales(Sums):
    """
    The facts of one restaurant, hour, service type and currency, summed up.

    What a refund took is counted in the hour of the refund, and a refund that failed is taken back in the hour in which it
    failed. So an hour may have refunds and no sales, and its `refunds` and `refunded_minor` may be negative.
    """

    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="+")
    hour_utc = models.DateTimeField()
    service_type = models.CharField(max_length=10, choices=ServiceType.choices)
    orders = models.PositiveIntegerField()
    refunds = models.IntegerField(default=0, db_default=0, help_text="less those that failed")
    refunded_minor = models.BigIntegerField(default=0, db_default=0, help_text="less what came back")

    class Meta(Sums.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["restaurant", "hour_utc", "service_type", "currency"], name="hourly_sales_once"
            )
        ]

    @property
    def net_minor(self) -> int:
        """
        What is left of the hour's takings, in minor units.
        """
        return self.total_minor - self.refunded_minor
