from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class PipelineConfig(AppConfig):
    """
    The engine: keeps promises exactly once.
    """

    name = "pipeline"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pipeline import (  # noqa: PLC0415
            checks,  # noqa: F401 - registers the system checks
            crash_points,
            crashing,
        )

        if settings.CRASH_AT:
            crash_points.listen(crashing.obey(Path(settings.CRASH_AT)))
