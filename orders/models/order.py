"""
An order, from the moment it is placed.
"""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from orders.models.customer import Customer
from orders.models.restaurant import CURRENCY, Restaurant
from orders.money import Money


class ServiceType(models.TextChoices):
    """
    How the food reaches the guest.
    """

    DINE_IN = "dine_in", "dine in"
    PICKUP = "pickup", "pickup"
    DELIVERY = "delivery", "delivery"


class OrderStatus(models.TextChoices):
    """
    Where the order stands with its money.
    """

    PENDING_PAYMENT = "pending_payment", "waiting for the payment"
    PAID = "paid", "paid"
    PARTLY_REFUNDED = "partly_refunded", "paid, and partly refunded"
    REFUNDED = "refunded", "refunded"
    PARTLY_PAID = "partly_paid", "a part of the money arrived, and no more will: a person must look"
    IN_REVIEW = "in_review", "money arrived that does not fit: a person must look"
    CANCELLED = "cancelled", "cancelled before it was paid"


# It was paid, whatever went back since.
PAID_STATUSES = (OrderStatus.PAID, OrderStatus.PARTLY_REFUNDED, OrderStatus.REFUNDED)
# The money that fits may still come, also after some that did not.
PAYABLE_STATUSES = (OrderStatus.PENDING_PAYMENT, OrderStatus.PARTLY_PAID, OrderStatus.IN_REVIEW)


class Order(models.Model):
    """
    What one guest ordered. All amounts are whole minor units of `currency`.
    """

    # It travels in URLs and to Stripe, so it is random: nobody can guess the next one.
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="orders")
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    number = models.CharField(max_length=20, help_text="What is called out at the counter")
    service_type = models.CharField(max_length=10, choices=ServiceType.choices)
    table = models.CharField(max_length=20, blank=True)
    note = models.CharField(max_length=500, blank=True)
    placed_at = models.DateTimeField()
    wanted_at = models.DateTimeField(null=True, blank=True, help_text="empty = as soon as possible")

    currency = models.CharField(max_length=3, validators=[CURRENCY])
    prices_include_tax = models.BooleanField()
    subtotal_minor = models.PositiveIntegerField()
    discount_minor = models.PositiveIntegerField(default=0)
    tax_minor = models.PositiveIntegerField(default=0)
    tip_minor = models.PositiveIntegerField(default=0)
    total_minor = models.PositiveIntegerField()

    status = models.CharField(max_length=20, choices=OrderStatus.choices, default=OrderStatus.PENDING_PAYMENT)
    paid_at = models.DateTimeField(null=True, blank=True)
    refunded_minor = models.PositiveIntegerField(default=0, db_default=0)
    review_reason = models.CharField(max_length=200, blank=True)
    payment_intent = models.CharField(
        max_length=255, blank=True, help_text="Stripe's id, once checkout began"
    )
    checkout_session = models.CharField(
        max_length=255, blank=True, help_text="Stripe's id, once checkout began"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="order_total_adds_up",
                condition=Q(
                    prices_include_tax=True,
                    total_minor=F("subtotal_minor") - F("discount_minor") + F("tip_minor"),
                )
                | Q(
                    prices_include_tax=False,
                    total_minor=F("subtotal_minor") - F("discount_minor") + F("tax_minor") + F("tip_minor"),
                ),
            ),
            models.CheckConstraint(
                name="order_paid_has_a_moment",
                condition=~Q(status__in=PAID_STATUSES) | Q(paid_at__isnull=False),
            ),
            models.CheckConstraint(
                name="order_refunded_as_its_status_says",
                condition=Q(status=OrderStatus.REFUNDED, refunded_minor=F("total_minor"))
                | Q(
                    status=OrderStatus.PARTLY_REFUNDED,
                    refunded_minor__gt=0,
                    refunded_minor__lt=F("total_minor"),
                )
                | (~Q(status__in=[OrderStatus.REFUNDED, OrderStatus.PARTLY_REFUNDED]) & Q(refunded_minor=0)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["payment_intent"], name="order_by_payment_intent", condition=~Q(payment_intent="")
            ),
            models.Index(
                fields=["checkout_session"],
                name="order_by_checkout_session",
                condition=~Q(checkout_session=""),
            ),
        ]

    def __str__(self) -> str:
        return f"order {self.number}"

    # Changes

    def mark_paid(self, *, paid_at: datetime) -> bool:
        """
        Turn an order that waits for its payment into a paid one; False where somebody else already did.

        What did not fit before stays to be seen at its event: the guest who has paid in full gets the food.
        """
        changed = Order.objects.filter(pk=self.pk, status__in=PAYABLE_STATUSES).update(
            status=OrderStatus.PAID, paid_at=paid_at, review_reason=""
        )
        if changed:
            self.status, self.paid_at, self.review_reason = OrderStatus.PAID, paid_at, ""
        return changed == 1

    def mark_in_review(self, *, reason: str) -> bool:
        """
        Stop an unpaid order for a person to look at; False where it is not unpaid any more.
        """
        before = (OrderStatus.PENDING_PAYMENT, OrderStatus.PARTLY_PAID)
        return self._stop(OrderStatus.IN_REVIEW, before=before, reason=reason)

    def mark_partly_paid(self, *, reason: str) -> bool:
        """
        Stop an unpaid order of whose money only a part was captured; False where it is not unpaid any more.
        """
        return self._stop(OrderStatus.PARTLY_PAID, before=(OrderStatus.PENDING_PAYMENT,), reason=reason)

    def _stop(self, status: OrderStatus, *, before: tuple[OrderStatus, ...], reason: str) -> bool:
        changed = Order.objects.filter(pk=self.pk, status__in=before).update(
            status=status, review_reason=reason
        )
        if changed:
            self.status, self.review_reason = status, reason
        return changed == 1

    def mark_refunded(self, *, minor: int) -> None:
        """
        Note how much of a paid order's money has gone back in all: nothing, a part, or everything.

        More than everything is everything: of two refunds that were tried one after the other, we may hear that the first
        one failed after we hear of the second.
        """
        minor = min(minor, self.total_minor)
        status = OrderStatus.PARTLY_REFUNDED if minor else OrderStatus.PAID
        if minor and minor == self.total_minor:
            status = OrderStatus.REFUNDED
        Order.objects.filter(pk=self.pk, status__in=PAID_STATUSES).update(status=status, refunded_minor=minor)
        self.status, self.refunded_minor = status, minor

    # Questions

    @property
    def is_paid(self) -> bool:
        return self.status in PAID_STATUSES

    @property
    def total(self) -> Money:
        return Money(minor=self.total_minor, currency=self.currency)

    def money(self, minor: int) -> Money:
        """
        An amount in the order's own currency.
        """
        return Money(minor=minor, currency=self.currency)
