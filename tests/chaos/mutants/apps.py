from django.apps import AppConfig
from django.conf import settings


class MutantsConfig(AppConfig):
    """
    Does one thing wrong in this process, if the settings name it.
    """

    name = "tests.chaos.mutants"
    label = "mutants"

    def ready(self) -> None:
        from tests.chaos.mutants import mutations  # noqa: PLC0415 - Django is not ready before

        if settings.MUTANT:
            mutations.BY_NAME[settings.MUTANT]()
