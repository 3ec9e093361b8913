from typing import Any

from celery.signals import task_success
from django.apps import AppConfig


class ScalingConfig(AppConfig):
    """
    Lets a worker note what each round of its dispatcher sent.
    """

    name = "benchmarks.scaling"
    label = "scaling"

    def ready(self) -> None:
        task_success.connect(_note_round)


def _note_round(sender: Any, result: Any, **_signal: object) -> None:
    from benchmarks.scaling import rounds  # noqa: PLC0415 - reads the settings, which are ready by now
    from pipeline.steps import menu  # noqa: PLC0415

    if sender.name == menu.dispatcher:
        rounds.note(result["sent"])
