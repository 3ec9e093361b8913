"""
The Celery application: `celery -A rms_backend worker`.
"""

import os

from celery import Celery
from celery.signals import celeryd_init
from kombu.transport import TRANSPORT_ALIASES

from pipeline.ticker import Ticker
from rms_backend.starting import stop_if_something_is_wrong

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rms_backend.settings")

# By alias and not by setting, so that Flower's queue lengths, which look at the address, go on working.
TRANSPORT_ALIASES["redis"] = "rms_backend.transport:Transport"
TRANSPORT_ALIASES["rediss"] = "rms_backend.transport:Transport"
TRANSPORT_ALIASES["sentinel"] = "rms_backend.transport:SentinelTransport"

app = Celery("rms_backend")
app.loader.override_backends = dict.fromkeys(("redis", "rediss"), "rms_backend.result_backend:RedisBackend")
app.config_from_object("django.conf:settings", namespace="CELERY")
# CELERY_TASK_ROUTES in the settings has the first word; the menu fills in what they leave open.
app.conf.task_routes = ("pipeline.routing.route",)
app.steps["consumer"].add(Ticker)
app.autodiscover_tasks()
celeryd_init.connect(stop_if_something_is_wrong)
