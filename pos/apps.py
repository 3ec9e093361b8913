from django.apps import AppConfig


class PosConfig(AppConfig):
    """
    The till: each paid order is rung up there, once.
    """

    name = "pos"
    default_auto_field = "django.db.models.BigAutoField"
