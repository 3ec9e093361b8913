"""
Addresses of the window; the health checks stand at the root, where probes look for them.
"""

from django.urls import path

from operations.views import health

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("healthz/pipeline", health.pipeline, name="pipeline-health"),
]
