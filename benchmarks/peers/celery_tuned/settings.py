"""
What Celery's documentation and its Django page recommend for short tasks.
"""

from benchmarks.peers.settings import *  # noqa: F403 - settings that extend settings
from benchmarks.peers.settings import at

CELERY_BROKER_URL = at.broker_url
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# "If you have many short tasks, prefetch more" (Optimizing); the worker is started with -O fair.
CELERY_WORKER_PREFETCH_MULTIPLIER = 16
