"""
The product's settings, with the menu of workload W in place of the product's own.
"""

from benchmarks.settings import *  # noqa: F403 - settings that extend settings
from benchmarks.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.ours.apps.OursConfig"]
