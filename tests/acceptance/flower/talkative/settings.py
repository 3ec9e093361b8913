"""
The product's settings plus the talkative tasks.
"""

from rms_backend.settings import *  # noqa: F403 - settings that extend settings

CELERY_IMPORTS = ("tests.acceptance.flower.talkative.tasks",)
