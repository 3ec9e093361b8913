"""
Addresses below /payments/.
"""

from django.urls import path

from payments.webhook import stripe_webhook

urlpatterns = [path("webhooks/stripe/", stripe_webhook, name="stripe-webhook")]
