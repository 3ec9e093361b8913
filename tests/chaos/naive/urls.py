"""
The webhook, and a page that says that the application is up.
"""

import stripe
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.chaos.naive.models import Order
from tests.chaos.naive.tasks import run_post_payment_hooks

PAYS = ("payment_intent.succeeded", "checkout.session.completed", "checkout.session.async_payment_succeeded")


@csrf_exempt
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """
    Verify the signature, mark the order as paid once, and publish what follows after the commit.
    """
    try:
        event = stripe.Webhook.construct_event(
            request.body, request.headers.get("Stripe-Signature", ""), settings.STRIPE_WEBHOOK_SECRET
        ).to_dict()
        about = event["data"]["object"]
    except (ValueError, KeyError, AttributeError, stripe.SignatureVerificationError):
        return HttpResponse(status=400)
    if event["type"] in PAYS and about.get("payment_status") != "unpaid":
        reference = (about.get("metadata") or {}).get("order_id") or about.get("client_reference_id")
        with transaction.atomic():
            order = Order.objects.select_for_update().get(public_id=reference)
            if order.status == "paid":
                return HttpResponse("Paid before.")
            order.status = "paid"
            order.save()
            transaction.on_commit(lambda: run_post_payment_hooks(order.id))
    return HttpResponse("Thank you.")


urlpatterns = [
    path("", lambda _request: HttpResponse("Open.")),
    path("stripe/", stripe_webhook),
]
