"""
Three more blocks for the menu, and a task that takes memory.
"""

import os
import signal
import time
from collections.abc import Sequence

from celery import shared_task
from django.conf import settings

from pipeline.declaring import post_payment_step
from pipeline.queues import Queue
from pipeline.retries import RetryPolicy
from pipeline.steps import Effect, Report

HOARD: list[bytes] = []
PATIENCE_SECONDS = 60


@post_payment_step(queue=Queue.DEFAULT, retry=RetryPolicy(times=2, delay_seconds=30), effect=Effect.DATABASE)
def thank_the_cook_task(order_id: int) -> Report:
    """Thank the cook."""
    return {"thanked_for": order_id}


@post_payment_step(queue=Queue.DEFAULT, retry=RetryPolicy(times=2, delay_seconds=30), effect=Effect.DATABASE)
def poison_task(order_ids: Sequence[int]) -> dict[int, Report]:
    """Kill the worker that touches the poison order."""
    if getattr(settings, "POISON_ORDER", 0) in order_ids:
        os.kill(os.getpid(), signal.SIGKILL)
    return {}


@post_payment_step(queue=Queue.DEFAULT, retry=RetryPolicy(times=2, delay_seconds=30), effect=Effect.DATABASE)
def dawdle_task(order_id: int) -> Report:
    """Hang on one order."""
    while getattr(settings, "HANGING_ORDER", 0) == order_id:
        time.sleep(PATIENCE_SECONDS)
    return {}


@shared_task
def hoard_memory(megabytes: int) -> int:
    """Take so much memory, and keep it."""
    HOARD.append(b"x" * megabytes * 1_000_000)
    return megabytes
