"""
Each writes a line into NOTES when it begins: what it was called with, its priority, its retries, its process.
"""

import json
import os
import time
from pathlib import Path

from celery import Task, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

PATIENCE_SECONDS = 60


@shared_task(bind=True)
def note(self: Task, word: str) -> int:
    """
    Note the word, and answer with the process.
    """
    return _note(self, word)


@shared_task(bind=True)
def wait(self: Task, word: str) -> int:
    """
    Note the word, and be at work until the file of this name is there.
    """
    process = _note(self, word)
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not Path(settings.NOTES).with_name(word).exists() and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return process


@shared_task(bind=True)
def come_back(self: Task, word: str, times: int, after: float) -> int:
    """
    Note the word, and retry so many times.
    """
    process = _note(self, word)
    if self.request.retries < times:
        raise self.retry(countdown=after)
    return process


@shared_task(bind=True)
def hang(self: Task, word: str, *, stubborn: bool) -> None:
    """
    Note the word, and never end; if stubborn, not even when interrupted.
    """
    _note(self, word)
    while True:
        try:
            time.sleep(PATIENCE_SECONDS)
        except SoftTimeLimitExceeded:
            _note(self, f"{word}, interrupted")
            if not stubborn:
                raise


def _note(task: Task, word: str) -> int:
    about = {
        "word": word,
        "priority": task.request.delivery_info["priority"],
        "retries": task.request.retries,
        "process": os.getpid(),
    }
    with Path(settings.NOTES).open("a") as notes:
        notes.write(json.dumps(about) + "\n")
    return os.getpid()
