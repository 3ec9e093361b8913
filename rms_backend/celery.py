"""
The Celery application: `celery -A rms_backend worker`.
"""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import (
    beat_init,
    before_task_publish,
    celeryd_init,
    import_modules,
    setup_logging,
    worker_before_create_process,
    worker_ready,
    worker_shutting_down,
)
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

from pipeline import discretion, tracing
from pipeline.event_post import EventPost
from pipeline.forking import Replacement, before_fork
from pipeline.heartbeat import Heartbeat
from pipeline.stopping import stop_taking_on
from pipeline.ticker import Ticker
from rms_backend import log_setup
from rms_backend.starting import stop_if_something_is_wrong, tell_that_we_are_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rms_backend.settings")

# By alias and not by setting, so that Flower's queue lengths, which look at the address, go on working.
TRANSPORT_ALIASES["redis"] = "rms_backend.transport:Transport"
TRANSPORT_ALIASES["rediss"] = "rms_backend.transport:Transport"
TRANSPORT_ALIASES["sentinel"] = "rms_backend.transport:SentinelTransport"

app = Celery(
    "rms_backend",
    task_cls=discretion.DiscreetTask,
    events=discretion.DiscreetEvents,
    include=[
        "pipeline.inspection",
        "pipeline.memory",
        "rms_backend.control",
    ],  # what workers answer to questions
)
app.loader.override_backends = dict.fromkeys(("redis", "rediss"), "rms_backend.result_backend:RedisBackend")
app.config_from_object("django.conf:settings", namespace="CELERY")
# CELERY_TASK_ROUTES in the settings has the first word; the menu fills in what they leave open.
app.conf.task_routes = ("pipeline.routing.route",)
app.steps["consumer"].add(Ticker)
app.steps["consumer"].add(EventPost)
app.steps["consumer"].add(Replacement)
app.steps["worker"].add(Heartbeat)
app.autodiscover_tasks()
celeryd_init.connect(stop_if_something_is_wrong)
setup_logging.connect(log_setup.of_celery)
worker_before_create_process.connect(before_fork)
worker_ready.connect(tell_that_we_are_ready)
beat_init.connect(tell_that_we_are_ready)
worker_shutting_down.connect(stop_taking_on)
before_task_publish.connect(discretion.tell_ids_only)

# The `celery` command has loaded Flower, as one of its plugins, before it loads this application. Nobody else has.
if "flower.command" in sys.modules:
    from rms_backend import flower_guard

    flower_guard.watch_over_flower()


@import_modules.connect
def _load_the_result_backend(**_signal: Any) -> None:
    # Beat told to stop while it starts builds its schedule a second time, and failed on the half imported backend.
    _ = app.backend


@app.on_after_configure.connect
def _follow_messages_if_asked_to(**_signal: Any) -> None:
    if settings.CELERY_TRACE:
        tracing.begin()
