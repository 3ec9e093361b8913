from django.apps import AppConfig

EVERY_SECONDS = 0.2
SILENT_AT_MOST_SECONDS = 2.0


class FrailConfig(AppConfig):
    """
    Makes the heart beat faster and declares the illnesses.
    """

    name = "tests.acceptance.frail"
    label = "frail"

    def ready(self) -> None:
        from pipeline import heartbeat  # noqa: PLC0415 - Django is not ready before
        from tests.acceptance.frail import tasks  # noqa: F401, PLC0415 - declares them

        heartbeat.EVERY_SECONDS = EVERY_SECONDS
        heartbeat.SILENT_AT_MOST_SECONDS = SILENT_AT_MOST_SECONDS
