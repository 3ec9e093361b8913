"""
Alerts in Django's admin, to look at.
"""

from django.contrib import admin

from operations.models import Alert
from pipeline.admin import ReadOnly


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    list_display = ("rule", "subject", "said", "opened_at", "told_at", "closed_at")
    list_filter = ("rule",)
    ordering = ("-opened_at",)
