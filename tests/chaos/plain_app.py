"""
A Celery application as most tutorials have it, with late acknowledgement: the broker's message is all there is.
"""

import os
from pathlib import Path

from celery import Celery

NAME = "tests.chaos.plain_app"

app = Celery(NAME, broker=os.environ.get("PLAIN_BROKER_URL"), set_as_current=False)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)


@app.task(name=f"{NAME}.note")
def note(word: str) -> None:
    """
    Write the word down, so that it shows that the task was carried out.
    """
    with Path(os.environ["PLAIN_NOTES"]).open("a") as notes:
        notes.write(f"{word}\n")
