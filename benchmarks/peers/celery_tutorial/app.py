"""
The application, as Celery's page on Django has it.
"""

from typing import Any

from celery import Celery
from celery.signals import worker_ready

app = Celery("tutorial", include=["benchmarks.peers.celery_tutorial.tasks"])
app.config_from_object("django.conf:settings", namespace="CELERY")


@worker_ready.connect
def _say_so(**_signal: Any) -> None:
    print("ready.", flush=True)  # noqa: T201 - at the level WARNING nobody else does
