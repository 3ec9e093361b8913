from django.apps import AppConfig


class RoofConfig(AppConfig):
    """
    The roof, for its management commands.
    """

    name = "rms_backend"

    def ready(self) -> None:
        from rms_backend import checks  # noqa: F401, PLC0415 - registers the system checks
