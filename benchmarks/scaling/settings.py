"""
The settings of our side of the comparison, with the dispatcher's rounds noted.
"""

from benchmarks.ours.settings import *  # noqa: F403 - settings that extend settings
from benchmarks.ours.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.scaling.apps.ScalingConfig"]
