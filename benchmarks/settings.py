"""
The product's settings, and the tables of workload W beside the product's own. The menu is the product's.
"""

from rms_backend.settings import *  # noqa: F403 - settings that extend settings
from rms_backend.settings import INSTALLED_APPS

DEBUG = False  # as in production: Django would keep a copy of every statement
INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.workload"]
