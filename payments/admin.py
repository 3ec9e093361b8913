"""
Stripe's events in Django's admin, to look at.
"""

from django.contrib import admin

from payments.models import Reconciliation, StripeEvent
from pipeline.admin import ReadOnly


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnly):
    list_display = ("event_id", "type", "state", "order", "because", "received_at")
    list_filter = ("state", "type")
    search_fields = ("=event_id", "=object_id")
    ordering = ("-received_at",)


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnly):
    list_display = ("began_at", "since", "looked_at", "missed", "repaired_orders", "in_review", "because")
    ordering = ("-began_at",)
