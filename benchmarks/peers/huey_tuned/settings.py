"""
What Huey's documentation says for Django, and for work that wants more than one core: worker processes.
"""

from benchmarks.peers.settings import *  # noqa: F403 - settings that extend settings
from benchmarks.peers.settings import BROKER_SOCKET_URL, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "huey.contrib.djhuey", "benchmarks.peers.huey_tuned"]
HUEY = {
    "huey_class": "huey.RedisHuey",
    "name": "benchmarks",
    "results": False,  # nobody asks for them
    "immediate": False,
    "connection": {"url": BROKER_SOCKET_URL},
    "consumer": {"workers": 2, "worker_type": "process"},
}
