"""
The six follow-ups, each retried by Celery with the policy of the product.
"""

import uuid
from typing import Any

import requests
from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F

from tests.chaos.naive.models import Ingredient, LoyaltyAccount, Order, Sales

KITCHEN = "kitchen@pizza-place.example"


def run_post_payment_hooks(order_id: int) -> None:
    """
    Called after the commit of the payment.
    """
    send_order_confirmation_email_task.delay(order_id)
    send_staff_notification_task.delay(order_id)
    sync_order_to_pos_task.delay(order_id)
    record_payment_analytics_task.delay(order_id)
    process_loyalty_rewards_task.delay(order_id)
    update_inventory_levels_task.delay(order_id)


def _again(task: Any, trouble: Exception, delay_seconds: int) -> Exception:
    countdown = delay_seconds * 2**task.request.retries * settings.RETRY_TIME_SCALE
    return task.retry(exc=trouble, countdown=countdown)


@shared_task(bind=True, max_retries=3)
def send_order_confirmation_email_task(self, order_id):
    try:
        order = Order.objects.get(id=order_id)
        send_mail(f"Order {order.public_id} confirmed", "Thank you.", None, [order.email])
    except Exception as trouble:
        raise _again(self, trouble, 60) from trouble


@shared_task(bind=True, max_retries=3)
def send_staff_notification_task(self, order_id):
    try:
        order = Order.objects.get(id=order_id)
        send_mail(f"Order {order.public_id} to cook", "Please cook it.", None, [KITCHEN])
    except Exception as trouble:
        raise _again(self, trouble, 30) from trouble


@shared_task(bind=True, max_retries=5)
def sync_order_to_pos_task(self, order_id):
    try:
        order = Order.objects.get(id=order_id)
        price = {"amount": order.total_minor, "currency": order.currency}
        body = {
            # A fresh key for each request, as Square's own quick start has it.
            "idempotency_key": str(uuid.uuid4()),
            "order": {
                "location_id": order.location,
                "reference_id": str(order.public_id),
                "line_items": [{"name": "Pizza", "quantity": "1", "base_price_money": price}],
            },
        }
        answer = requests.post(
            f"{settings.SQUARE_BASE_URL}/v2/orders",
            json=body,
            headers={"Authorization": f"Bearer {settings.SQUARE_ACCESS_TOKEN}"},
            timeout=10,
        )
        answer.raise_for_status()
        answer.json()
    except Exception as trouble:
        raise _again(self, trouble, 120) from trouble


@shared_task(bind=True, max_retries=2)
def record_payment_analytics_task(self, order_id):
    try:
        order = Order.objects.get(id=order_id)
        Sales.objects.update(orders=F("orders") + 1, total_minor=F("total_minor") + order.total_minor)
    except Exception as trouble:
        raise _again(self, trouble, 30) from trouble


@shared_task(bind=True, max_retries=3)
def process_loyalty_rewards_task(self, order_id):
    try:
        order = Order.objects.get(id=order_id)
        account, _made = LoyaltyAccount.objects.get_or_create(email=order.email)
        LoyaltyAccount.objects.filter(pk=account.pk).update(
            points=F("points") + order.total_minor // 100, visits=F("visits") + 1
        )
    except Exception as trouble:
        raise _again(self, trouble, 60) from trouble


@shared_task(bind=True, max_retries=3)
def update_inventory_levels_task(self, order_id):
    try:
        Order.objects.get(id=order_id)
        Ingredient.objects.filter(name="Dough").update(portions_left=F("portions_left") - 1)
    except Exception as trouble:
        raise _again(self, trouble, 45) from trouble
