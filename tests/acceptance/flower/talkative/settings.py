"""
The product's settings plus the talkative tasks.
"""

from rms_backend.settings import *  # noqa: F403 - settings that extend settings

EMAIL_HOST_PASSWORD = "mail-canary"
CELERY_IMPORTS = ("tests.acceptance.flower.talkative.tasks",)
