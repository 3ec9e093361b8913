from django.apps import AppConfig


class PipelineConfig(AppConfig):
    """
    The engine: keeps promises exactly once.
    """

    name = "pipeline"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pipeline import checks  # noqa: F401, PLC0415 - registers the system checks
