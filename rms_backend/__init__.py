"""
The roof: settings, addresses and the Celery application that put the parts together.
"""

from rms_backend.celery import app as celery_app

__all__ = ("celery_app",)
