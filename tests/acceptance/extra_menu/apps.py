from django.apps import AppConfig


class ExtraMenuConfig(AppConfig):
    """
    Declares the additional steps when Django starts.
    """

    name = "tests.acceptance.extra_menu"
    label = "extra_menu"

    def ready(self) -> None:
        from tests.acceptance.extra_menu import tasks  # noqa: F401, PLC0415 - writes the menu
