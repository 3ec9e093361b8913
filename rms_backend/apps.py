from django.apps import AppConfig


class RoofConfig(AppConfig):
    """
    The roof, for its management commands.
    """

    name = "rms_backend"
