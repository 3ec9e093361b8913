"""
The money that came in.
"""

from django.db import models

from orders.models.order import Order


class Payment(models.Model):
    """
    The one payment that paid an order.
    """

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="payment")
    payment_intent = models.CharField(max_length=255, unique=True, help_text="Stripe's id: pi_…")
    amount_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    livemode = models.BooleanField()
    paid_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)


class Charge(models.Model):
    """
    Which card paid, as far as Stripe tells: only the brand and the last four digits, never more.

    It may arrive before or after the payment it belongs to, so only Stripe's ids tie the two together.
    """

    stripe_id = models.CharField(max_length=255, primary_key=True)
    payment_intent = models.CharField(max_length=255, db_index=True)
    card_brand = models.CharField(max_length=20, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
