"""
The product's settings for a worker that can be told to fall ill.
"""

from rms_backend.settings import *  # noqa: F403 - settings that extend settings
from rms_backend.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.acceptance.frail.apps.FrailConfig"]
