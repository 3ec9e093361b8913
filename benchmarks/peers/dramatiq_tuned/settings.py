"""
The broker and the middleware of django-dramatiq's page, without what keeps a row per task for Django's admin.
"""

from benchmarks.peers.settings import *  # noqa: F403 - settings that extend settings
from benchmarks.peers.settings import BROKER_SOCKET_URL, INSTALLED_APPS

INSTALLED_APPS = ["django_dramatiq", *INSTALLED_APPS, "benchmarks.peers.dramatiq_tuned"]
DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.redis.RedisBroker",
    "OPTIONS": {"url": BROKER_SOCKET_URL},
    "MIDDLEWARE": [
        "dramatiq.middleware.AgeLimit",
        "dramatiq.middleware.TimeLimit",
        "dramatiq.middleware.Callbacks",
        "dramatiq.middleware.Retries",
        "django_dramatiq.middleware.DbConnectionsMiddleware",
    ],
}
