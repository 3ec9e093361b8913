"""
The webhook as tutorials write it: Stripe's library verifies, the ORM marks the order as paid, Celery is told on commit.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Any

import stripe
from celery import Task
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from benchmarks.webhook import peer
from orders.models import Order, OrderStatus

View = Callable[[HttpRequest], HttpResponse]


def told(book: Callable[[Any], None]) -> View:
    """
    A webhook that books what a genuine event tells.
    """

    @csrf_exempt
    @require_POST
    @wraps(book)
    def view(request: HttpRequest) -> HttpResponse:
        try:
            event = stripe.Webhook.construct_event(
                request.body, request.headers["Stripe-Signature"], settings.STRIPE_WEBHOOK_SECRETS[0]
            )
        except (ValueError, stripe.SignatureVerificationError):
            return HttpResponse(status=400)
        if event["type"] == "payment_intent.succeeded":
            book(event)
        return HttpResponse(status=200)

    return view


@told
def verify(event: Any) -> None:
    """
    Nothing is kept: what signature and JSON cost.
    """


@told
def mark_paid(event: Any) -> None:
    """
    The order, and nothing that follows.
    """
    _book(event, tasks=())


@told
def mark_paid_then_one_task(event: Any) -> None:
    """
    One task that would do all six.
    """
    _book(event, tasks=(peer.follow_up,))


@told
def mark_paid_then_six_tasks(event: Any) -> None:
    """
    Six tasks, as most do it.
    """
    _book(event, tasks=peer.SIX)


def _book(event: Any, *, tasks: Sequence[Task]) -> None:
    intent = event["data"]["object"]
    with transaction.atomic():
        order = Order.objects.select_for_update().get(public_id=intent["metadata"]["order_id"])
        if order.status == OrderStatus.PAID:
            return
        order.status = OrderStatus.PAID
        order.paid_at = datetime.fromtimestamp(event["created"], UTC)
        order.save(update_fields=["status", "paid_at"])
        for task in tasks:
            transaction.on_commit(partial(task.delay, order.pk))
