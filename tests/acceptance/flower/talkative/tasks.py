"""
Plain tasks, which repeat in their answer or their error whatever they are given.
"""

import time
from pathlib import Path
from typing import Any

from celery import Task, shared_task

LONGEST_SECONDS = 90


@shared_task
def repeat_task(*told: Any, **more: Any) -> dict[str, Any]:
    """Answer with what was told."""
    return {"success": True, "told": told, **more}


@shared_task
def complain_task(*told: Any, **more: Any) -> None:
    """Fail, quoting what was told."""
    raise ValueError(f"Unable to reach {told} {more}.")


@shared_task(bind=True, max_retries=1)
def retry_task(self: Task, *told: Any) -> None:
    """Fail, quoting what was told, and try once more."""
    raise self.retry(exc=ValueError(f"Unable to reach {told}."), countdown=0.1)


@shared_task
def linger_task(door: str, *_told: Any) -> None:
    """Keep the worker busy until the door is there."""
    give_up_at = time.monotonic() + LONGEST_SECONDS
    while not Path(door).exists() and time.monotonic() < give_up_at:
        time.sleep(0.05)
