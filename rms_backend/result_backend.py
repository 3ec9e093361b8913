"""
Where tasks called by hand leave their answers.
"""

from typing import Any

from celery.backends import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from rms_backend import embedding


class RedisBackend(redis.RedisBackend):
    """
    Celery's Redis backend, which listens for the answer before the call is published: here it says so when it cannot.
    """

    def on_task_call(self, producer: Any, task_id: str) -> None:
        """
        Listen for the answer; an embedded broker is started when first needed.
        """
        if settings.BROKER_IS_EMBEDDED:
            embedding.servers(settings.EMBEDDED_HOME).ensure_running()
        try:
            super().on_task_call(producer, task_id)
        except RuntimeError as gone:
            # Celery's own words are that the application must be restarted, which would not help.
            because = str(gone.__cause__ or gone).strip().rstrip(".")
            remedy = "Start Redis, or correct CELERY_BROKER_URL or CELERY_RESULT_BACKEND."
            raise OperationalError(f"{because}. Nothing was sent. {remedy}") from gone.__cause__
