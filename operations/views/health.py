"""
The pages that machines look at: `/livez`, `/readyz` and `/healthz/pipeline`. docs/health.md says which is for what.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from operations import health
from operations.health import LaneHealth, PipelineHealth

UNAVAILABLE = 503
FORBIDDEN = 403


@require_safe
@cache_control(no_store=True)
def livez(_request: HttpRequest) -> HttpResponse:
    """
    200 as long as this process answers; it asks nobody.
    """
    return JsonResponse({"alive": True})


@require_safe
@cache_control(no_store=True)
def readyz(_request: HttpRequest) -> HttpResponse:
    """
    200 when database and broker answer and all tables are there, otherwise 503 and which of them does not.
    """
    ready = health.readiness()
    body = {"ready": ready.ready, "database": ready.database, "broker": ready.broker}
    return JsonResponse(body, status=200 if ready.ready else UNAVAILABLE)


@require_safe
@cache_control(no_store=True)
def pipeline(request: HttpRequest) -> HttpResponse:
    """
    200 when every queue has a worker and nothing is overdue, otherwise 503 with the complaints.
    """
    if not _may_look(request):
        remedy = "Send `Authorization: Bearer` and the HEALTH_TOKEN of the settings."
        return JsonResponse({"error": remedy}, status=FORBIDDEN)
    found = health.pipeline()
    return JsonResponse(_told(found), status=200 if found.healthy else UNAVAILABLE)


def _may_look(request: HttpRequest) -> bool:
    # A token and no login, whose look at the database would hang just when somebody wants to know.
    if settings.DEBUG:
        return True
    wanted = f"Bearer {settings.HEALTH_TOKEN}"
    return bool(settings.HEALTH_TOKEN) and constant_time_compare(
        request.headers.get("Authorization", ""), wanted
    )


def _told(found: PipelineHealth) -> dict[str, Any]:
    return {
        "healthy": found.healthy,
        "complaints": found.complaints,
        "database": found.readiness.database,
        "broker": found.readiness.broker,
        "lanes": [_lane(lane) for lane in found.lanes],
        "alerts": found.alerts,
        "seconds_since_watch": found.seconds_since_watch,
    }


def _lane(lane: LaneHealth) -> dict[str, Any]:
    of = lane.backlog
    return {
        "lane": of.lane,
        "workers": lane.workers,
        "paused": of.paused,
        "open": of.open,
        "running": of.running,
        "overdue_seconds": round(of.overdue_seconds, 1),
        "oldest_seconds": round(of.oldest_seconds, 1),
        "buried": of.buried,
    }
