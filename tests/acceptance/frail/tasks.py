"""
What a frail worker can be told: by message to be busy, by remote control to fall ill.
"""

import time

from celery import shared_task
from celery.worker.control import control_command


@shared_task
def be_busy(seconds: float) -> None:
    """
    Take that long.
    """
    time.sleep(seconds)


@control_command()
def get_stuck(_state) -> None:
    """
    Block the main loop.
    """
    time.sleep(600)


@control_command()
def fall_silent(state) -> None:
    """
    Never ask the broker for a message again, as workers did after a reconnect; the main loop goes on turning.
    """
    channel = state.consumer.task_consumer.channel
    channel.connection.cycle._channels.discard(channel)
