"""
A broker, a result backend, and nothing else.
"""

from benchmarks.peers.settings import *  # noqa: F403 - settings that extend settings
from benchmarks.peers.settings import at

CELERY_BROKER_URL = at.broker_url
CELERY_RESULT_BACKEND = at.broker_url
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
