"""
A small restaurant with paid orders, so that a fresh clone has something to work with.
"""

from django.db import transaction
from django.utils import timezone

from orders.testing import make_menu, make_order, make_restaurant
from payments.services import PaymentSucceeded, mark_order_as_paid

PAID_ORDERS = 3


@transaction.atomic
def load() -> None:
    """
    Load the restaurant, its menu, and paid orders whose follow-ups wait for the first worker.
    """
    now = timezone.now()
    restaurant = make_restaurant(tax_ppm=88_750)
    make_menu(restaurant)
    for n in range(PAID_ORDERS):
        order = make_order(
            restaurant=restaurant, paid=False, placed_at=now, customer_email=f"guest{n}@example.com"
        )
        mark_order_as_paid(
            order_id=order.pk,
            payment=PaymentSucceeded(
                payment_intent=f"pi_demo_{order.pk}",
                amount_minor=order.total_minor,
                currency=order.currency,
                livemode=False,
                happened_at=now,
            ),
        )
