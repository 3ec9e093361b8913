"""
The promises in Django's admin, to look at.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from pipeline.models import LanePause, StepEvent, StepRun


class ReadOnly(admin.ModelAdmin):
    """
    Rows that only the engine writes.
    """

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class Events(admin.TabularInline):
    """
    The history of a step run.
    """

    model = StepEvent
    can_delete = False
    extra = 0


@admin.register(StepRun)
class StepRunAdmin(ReadOnly):
    list_display = ("order_id", "step", "state", "attempts", "due_at", "because")
    list_filter = ("state", "lane")
    search_fields = ("=order_id",)
    ordering = ("-id",)
    inlines = (Events,)


@admin.register(LanePause)
class LanePauseAdmin(ReadOnly):
    list_display = ("lane", "by", "reason", "paused_at")
