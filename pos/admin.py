"""
The tickets in Django's admin, to look at.
"""

from django.contrib import admin

from pipeline.admin import ReadOnly
from pos.models import Ticket


@admin.register(Ticket)
class TicketAdmin(ReadOnly):
    list_display = ("order_id", "provider", "idempotency_key", "created_at")
    list_filter = ("provider",)
    search_fields = ("=order__public_id", "=order__number", "=idempotency_key")
    ordering = ("-created_at",)
