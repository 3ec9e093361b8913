"""
The settings of the benchmarks, with the other webhooks beside ours.
"""

from benchmarks.settings import *  # noqa: F403 - settings that extend settings

ROOT_URLCONF = "benchmarks.webhook.urls"
