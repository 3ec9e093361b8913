"""
What Procrastinate's page on Django says to install.
"""

from benchmarks.peers.settings import *  # noqa: F403 - settings that extend settings
from benchmarks.peers.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "procrastinate.contrib.django", "benchmarks.peers.procrastinate_tuned"]
