"""
The application, as Celery's page on Django has it.
"""

from typing import Any

from celery import Celery
from celery.signals import worker_ready

app = Celery("tuned", include=["benchmarks.peers.celery_tuned.tasks"])
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery's Django fixup looks for it under this very name, without the namespace.
app.conf["CELERY_DB_REUSE_MAX"] = 1_000_000


@worker_ready.connect
def _say_so(**_signal: Any) -> None:
    print("ready.", flush=True)  # noqa: T201 - at the level WARNING nobody else does
